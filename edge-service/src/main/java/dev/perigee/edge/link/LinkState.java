package dev.perigee.edge.link;

/** Where the link stands with home. Times are monotonic nanoseconds. */
sealed interface LinkState {

    /** Not begun, or ended for good. */
    record Stopped() implements LinkState {}

    /** Will try again at this time. */
    record Waiting(long until) implements LinkState {}

    /** Has asked for the stream and waits for its hello, at the most until the deadline. */
    record Connecting(int attempt, long deadline) implements LinkState {}

    /**
     * Has been greeted.
     *
     * @param homeId the home that greets
     * @param heartbeat how often bytes are to be expected, nanoseconds
     * @param window how many frames home lets be unacknowledged
     * @param awaitingReset nothing but a reset may follow
     */
    record Streaming(int attempt, long generation, String homeId, long heartbeat, int window, boolean awaitingReset)
            implements LinkState {

        /** The reset has come. */
        Streaming inStep() {
            return new Streaming(attempt, generation, homeId, heartbeat, window, false);
        }
    }
}

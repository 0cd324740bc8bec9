package dev.perigee.edge.link;

/**
 * Goes round the homes: which one the next attempt goes to, and how long it waits. While there is a home that has not
 * been tried since the last success, only for a moment, somewhere in which each edge of a fleet falls by itself; after a
 * whole round as {@link Backoff} has it. Nobody is led back to the preferred home: that costs more than it mends. Not
 * thread-safe.
 */
final class Rounds {

    private final int homes;
    private final Backoff backoff;
    private int home;
    private int failed;

    /** Begins at the first of so many homes. */
    Rounds(int homes, Backoff backoff) {
        this.homes = homes;
        this.backoff = backoff;
    }

    /** The home to ask, by its place in the configuration. */
    int home() {
        return home;
    }

    /**
     * The present home has failed, the next one's turn has come.
     *
     * @return nanoseconds to wait before it is asked
     */
    long next(Retry retry) {
        home = (home + 1) % homes;
        failed++;
        if (failed < homes && retry.hurry()) {
            return backoff.moment();
        }
        failed = 0;
        return retry.least() + backoff.next();
    }

    /** The present home has proved itself. */
    void succeeded() {
        failed = 0;
        backoff.reset();
    }
}

package dev.perigee.edge.link;

import org.jspecify.annotations.Nullable;

/** When an edge acknowledges, for those that only behave like one. Not thread-safe. */
public final class EdgePace {

    private final AckPace pace;

    /**
     * From a hello on.
     *
     * @param window how many frames may be unacknowledged
     * @param heartbeat nanoseconds
     * @param generation of the session
     * @param now monotonic, nanoseconds, as everywhere here
     */
    public EdgePace(int window, long heartbeat, long generation, long now) {
        pace = new AckPace(window, heartbeat, generation, now);
    }

    /** A frame that counts was applied. */
    public void applied(long now, boolean proves) {
        pace.applied(now, proves);
    }

    /** What was applied was an invalidation. */
    public void appliedInvalidation(long now) {
        pace.appliedInvalidation(now);
    }

    /** What the acknowledgement says of them, as JSON. */
    public String appliedAgoMs(long now) {
        return pace.appliedAgoMs(now).toString();
    }

    /** Whether an acknowledgement is to be sent now; then it counts as sent. */
    public boolean due(long now) {
        boolean due = pace.due(now);
        if (due) {
            pace.sent(now);
        }
        return due;
    }

    /** When to look again. */
    public long deadline() {
        return pace.deadline();
    }

    /**
     * An acknowledgement was answered.
     *
     * @param spreadMs as in the answer
     */
    public void answered(@Nullable Integer spreadMs) {
        pace.answered(spreadMs);
    }
}

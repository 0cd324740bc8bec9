package dev.perigee.edge.link;

import java.time.Duration;

/**
 * When to acknowledge: at once when half of home's window is used; soon after a frame that proves something; a little later
 * after any other, but no more than twice a heartbeat, since home has many edges; and at least every heartbeat. One
 * acknowledgement at a time. Not thread-safe.
 */
final class AckPace {

    private static final long LEAST_GAP = Duration.ofMillis(20).toNanos();
    private static final long DELAY = Duration.ofMillis(100).toNanos();

    private final int half;
    private final long heartbeat;
    private long unacknowledged;
    private long lastSent;
    private long dueAt;
    private boolean inFlight;

    AckPace(int window, long heartbeat, long now) {
        this.half = Math.max(1, window / 2);
        this.heartbeat = heartbeat;
        this.lastSent = now - heartbeat;
        this.dueAt = now + heartbeat;
    }

    /** A frame that counts was applied. */
    void applied(long now, boolean proves) {
        unacknowledged++;
        long due = proves ? Math.max(now, lastSent + LEAST_GAP) : Math.max(now + DELAY, lastSent + heartbeat / 2);
        if (due - dueAt < 0) {
            dueAt = due;
        }
    }

    /** Whether an acknowledgement is to be sent now. */
    boolean due(long now) {
        return !inFlight && (unacknowledged >= half || now - dueAt >= 0);
    }

    /** When to look again. */
    long deadline() {
        return dueAt;
    }

    boolean inFlight() {
        return inFlight;
    }

    /** One was sent. */
    void sent(long now) {
        inFlight = true;
        unacknowledged = 0;
        lastSent = now;
        dueAt = now + heartbeat;
    }

    long lastSent() {
        return lastSent;
    }

    /** It was answered, or will not be. */
    void ended() {
        inFlight = false;
    }
}

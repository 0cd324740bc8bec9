package dev.perigee.edge.link;

import dev.perigee.model.Acknowledgement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

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
    /** When the invalidations were applied that no answered acknowledgement has told of. */
    private final Deque<Long> appliedAt = new ArrayDeque<>();
    /** Of them, how many the acknowledgement under way tells of. */
    private int told;

    private final int mostApplied;

    AckPace(int window, long heartbeat, long now) {
        this.half = Math.max(1, window / 2);
        this.mostApplied = Math.min(window, Acknowledgement.MAX_APPLIED);
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

    /** What was applied was an invalidation: home is told when it took effect, which was before it is acknowledged. */
    void appliedInvalidation(long now) {
        if (appliedAt.size() == mostApplied) {
            appliedAt.removeFirst();
            told = Math.max(0, told - 1);
        }
        appliedAt.addLast(now);
    }

    /** How long ago the invalidations were applied, milliseconds, the newest last. */
    List<Integer> appliedAgoMs(long now) {
        return appliedAt.stream()
                .map(at -> (int) Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(now - at)))
                .toList();
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
        told = appliedAt.size();
        lastSent = now;
        dueAt = now + heartbeat;
    }

    long lastSent() {
        return lastSent;
    }

    /** Home has it. */
    void answered() {
        for (; told > 0; told--) {
            appliedAt.removeFirst();
        }
        inFlight = false;
    }

    /** It was refused, or will not be answered. */
    void failed() {
        inFlight = false;
    }
}

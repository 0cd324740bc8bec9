package dev.perigee.edge.link;

import dev.perigee.model.Acknowledgement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * When to acknowledge: at once when half of home's window is used; soon after a frame that proves something; a little later
 * after any other, but no more than twice a heartbeat, since home has many edges; and at least every heartbeat. One
 * acknowledgement at a time.
 *
 * <p>All edges hear of a heartbeat at once. So that they do not all answer at once, home says over how long they are to be
 * spread, and each has its own place in that time. Not thread-safe.
 */
final class AckPace {

    private static final long LEAST_GAP = Duration.ofMillis(20).toNanos();
    private static final long DELAY = Duration.ofMillis(100).toNanos();
    /** 2^64 over the golden ratio: multiples of it, taken by their highest bits, lie evenly in any interval (Knuth 6.4). */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final int half;
    private final long heartbeat;
    /** 0 to 1: where in the spread our place is. */
    private final double place;

    private long spread;
    private long unacknowledged;
    private long lastSent;
    private long dueAt;
    private boolean inFlight;
    /** When the invalidations were applied that no answered acknowledgement has told of. */
    private final Deque<Long> appliedAt = new ArrayDeque<>();
    /** Of them, how many the acknowledgement under way tells of. */
    private int told;

    private final int mostApplied;

    /**
     * From a hello on.
     *
     * @param window how many frames may be unacknowledged
     * @param heartbeat nanoseconds
     * @param generation of the session: other than that of other edges
     * @param now monotonic, nanoseconds, as everywhere here
     */
    AckPace(int window, long heartbeat, long generation, long now) {
        this.place = ((generation * GOLDEN) >>> 11) * 0x1p-53;
        this.half = Math.max(1, window / 2);
        this.mostApplied = Math.min(window, Acknowledgement.MAX_APPLIED);
        this.heartbeat = heartbeat;
        this.lastSent = now - heartbeat;
        this.dueAt = now + heartbeat;
    }

    /** A frame that counts was applied. */
    void applied(long now, boolean proves) {
        unacknowledged++;
        long due = proves
                ? Math.max(now + (long) (place * spread), lastSent + LEAST_GAP)
                : Math.max(now + DELAY, lastSent + heartbeat / 2 + spread + spread / 4);
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
        // Where there are many, not just before the next heartbeat comes.
        dueAt = now + heartbeat + spread / 4;
    }

    long lastSent() {
        return lastSent;
    }

    /**
     * Home has it.
     *
     * @param spreadMs over how long edges are to be spread, milliseconds; no more than half a heartbeat is made of it
     */
    void answered(@Nullable Integer spreadMs) {
        long wanted = spreadMs == null ? 0 : TimeUnit.MILLISECONDS.toNanos(Math.max(0, spreadMs));
        spread = Math.min(wanted, heartbeat / 2);
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

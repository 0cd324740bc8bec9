package dev.perigee.home.wal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Which applied position the server may forget, when that is to be told some time after it was applied. It remembers a
 * few positions in between, not all: what is told may be told a little late, never early. Not thread-safe.
 */
final class LateConfirmation {

    private static final int MOST = 64;

    private record Applied(long nanos, long lsn) {}

    private final long retain;
    private final Deque<Applied> waiting = new ArrayDeque<>();
    private long confirmed;

    /**
     * Nothing applied, nothing to confirm.
     *
     * @param retain how long after it was applied a position is confirmed; zero for at once
     */
    LateConfirmation(Duration retain) {
        this.retain = retain.toNanos();
    }

    /**
     * Everything before a position has been applied.
     *
     * @param nanos now, by a monotonic clock
     * @return everything before this position may be forgotten; 0 for nothing yet
     */
    long applied(long lsn, long nanos) {
        Applied last = waiting.peekLast();
        if (last == null || nanos - last.nanos >= retain / MOST) {
            waiting.addLast(new Applied(nanos, lsn));
        }
        for (Applied first = waiting.peekFirst();
                first != null && nanos - first.nanos >= retain;
                first = waiting.peekFirst()) {
            confirmed = first.lsn;
            waiting.removeFirst();
        }
        return confirmed;
    }
}

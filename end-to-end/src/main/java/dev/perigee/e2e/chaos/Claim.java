package dev.perigee.e2e.chaos;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** As of when an answer is current, by all that it says and that is known of it: the latest of that. */
final class Claim {

    private Claim() {}

    /**
     * In this process's {@link System#nanoTime()}.
     *
     * @param hit whether it came from memory
     * @param collapsed whether it was given what another request had asked home for
     * @param age the header of that name; empty if there is none
     * @param asOf the time in the header of that name; null if there is none, or the clock behind it cannot be trusted
     * @param begun when it was asked for
     * @param bound how far behind it may be, nanoseconds
     */
    static long of(boolean hit, boolean collapsed, String age, @Nullable Long asOf, long begun, long bound) {
        if (!hit && !collapsed && age.isEmpty()) {
            // It was read for this request.
            return begun;
        }
        long claimed = begun - bound;
        if (!age.isEmpty()) {
            // Whole seconds, rounded down.
            claimed = Math.max(claimed, begun - TimeUnit.SECONDS.toNanos(Long.parseLong(age) + 1));
        }
        return asOf == null ? claimed : Math.max(claimed, asOf - Checker.CLOCK_SLACK_NANOS);
    }
}

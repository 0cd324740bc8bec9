package dev.perigee.home.edges;

import dev.perigee.model.EdgeStats;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** How many statements an edge answers a second, from what it reports of itself. Not thread-safe. */
final class RequestRate {

    /** What comes in quicker succession is taken together: a rate over a few milliseconds says nothing. */
    private static final long SHORTEST = TimeUnit.MILLISECONDS.toNanos(250);

    private @Nullable EdgeStats last;
    private long lastAt;
    private double perSecond;

    /** The edge has reported this, at this time of home's monotonic clock. */
    void report(EdgeStats stats, long now) {
        EdgeStats before = last;
        if (before != null) {
            if (now - lastAt < SHORTEST) {
                return;
            }
            // Less than before: the edge has started anew.
            long answered = Math.max(0, total(stats) - total(before));
            perSecond = answered * (double) TimeUnit.SECONDS.toNanos(1) / (now - lastAt);
        }
        last = stats;
        lastAt = now;
    }

    double perSecond() {
        return perSecond;
    }

    private static long total(EdgeStats stats) {
        return stats.hits() + stats.misses() + stats.bypasses();
    }
}

package dev.perigee.e2e.chaos;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** How long things took, to two digits. Thread-safe. */
final class Histogram {

    private static final double PER_E = 50;
    private static final int BUCKETS = 1300;

    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
    private final AtomicLong max = new AtomicLong();

    void record(long nanos) {
        counts.incrementAndGet((int) Math.min(BUCKETS - 1, PER_E * Math.log1p(nanos / 1e3)));
        max.accumulateAndGet(nanos, Math::max);
    }

    /** In milliseconds. */
    double quantile(double q) {
        long all = 0;
        for (int i = 0; i < BUCKETS; i++) {
            all += counts.get(i);
        }
        long below = 0;
        for (int i = 0; i < BUCKETS; i++) {
            below += counts.get(i);
            if (below >= q * all) {
                return Math.min(Math.expm1(i / PER_E) / 1e3, max());
            }
        }
        return max();
    }

    /** In milliseconds. */
    double max() {
        return max.get() / 1e6;
    }
}

package dev.perigee.edge.link;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait before the next attempt: doubling, bounded, and jittered, so that a fleet does not come as one. */
final class Backoff {

    private static final long MOMENT = Duration.ofMillis(100).toNanos();
    private static final long FIRST = Duration.ofMillis(100).toNanos();
    private static final long LONGEST = Duration.ofSeconds(5).toNanos();
    private static final int DOUBLINGS = 16;

    private final RandomGenerator random;
    private int failures;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /** The next wait, nanoseconds. */
    long next() {
        long ceiling = Math.min(LONGEST, FIRST << Math.min(failures, DOUBLINGS));
        failures++;
        // Somewhere in the upper half.
        return ceiling / 2 + random.nextLong(ceiling / 2 + 1);
    }

    /** A short wait that counts for nothing, nanoseconds. */
    long moment() {
        return random.nextLong(MOMENT + 1);
    }

    /** It worked. */
    void reset() {
        failures = 0;
    }
}

package dev.perigee.simulation;

import java.util.random.RandomGenerator;

/** A small, fast generator (SplitMix64) whose numbers depend on its seed alone. Not thread-safe. */
final class Dice implements RandomGenerator {

    private long state;

    Dice(long seed) {
        this.state = seed * 0x9E3779B97F4A7C15L + 0x632BE59BD9B4E019L;
    }

    @Override
    public long nextLong() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** 0 to bound - 1. */
    int below(int bound) {
        return (int) ((nextLong() >>> 33) % bound);
    }

    /** Once in so many times. */
    boolean oneIn(int times) {
        return below(times) == 0;
    }

    /** Nanoseconds, between two numbers of microseconds. */
    long micros(int least, int most) {
        return (least + below(most - least + 1)) * 1_000L;
    }

    /** Nanoseconds, between two numbers of milliseconds. */
    long millis(int least, int most) {
        return micros(least * 1_000, most * 1_000);
    }
}

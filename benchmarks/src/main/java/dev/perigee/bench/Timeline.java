package dev.perigee.bench;

import java.time.Instant;
import java.util.Arrays;

/** When what was published: one thread writes, any number read. */
final class Timeline {

    private static final int MOST = 4_000_000;

    private final long[] begunAt = new long[MOST];
    private final long[] doneAt = new long[MOST];
    private volatile int begun;

    /** Something is about to be published; gives its number. */
    int begin() {
        int number = begun;
        begunAt[number] = micros(Instant.now());
        begun = number + 1;
        return number;
    }

    /** From now on it is late. */
    void done(int number) {
        doneAt[number] = System.nanoTime();
    }

    /** How many there are. */
    int size() {
        return begun;
    }

    /** How late it is, nanoseconds; 0 if the database has not said yet that it was committed. */
    long since(int number, long now) {
        long done = doneAt[number];
        return done == 0 ? 0 : Math.max(0, now - done);
    }

    /** The number of what the database committed at this time by its clock, which is ours too; negative if it was none of ours. */
    int committedAt(Instant time) {
        int at = Arrays.binarySearch(begunAt, 0, begun, micros(time));
        return at >= 0 ? at : -at - 2;
    }

    private static long micros(Instant time) {
        return time.getEpochSecond() * 1_000_000 + time.getNano() / 1000;
    }
}

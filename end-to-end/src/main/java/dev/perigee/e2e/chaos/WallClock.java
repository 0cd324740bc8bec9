package dev.perigee.e2e.chaos;

import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** How wrong the wall clock of an edge is, and was. Thread-safe. */
final class WallClock {

    /** By when a change has surely been made. */
    private static final long UNSURE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final String edge;
    private final NavigableMap<Long, Long> shifts = new TreeMap<>();

    WallClock(String edge) {
        this.edge = edge;
    }

    /** The clock is being shifted now. */
    synchronized void shifted(long millis) {
        shifts.put(System.nanoTime(), millis);
    }

    /** By how much it was wrong all that time; null if that is not known. */
    synchronized @Nullable Long shiftMillis(String asked, long from, long to) {
        if (!asked.equals(edge)) {
            return 0L;
        }
        if (!shifts.subMap(from - UNSURE_NANOS, true, to, true).isEmpty()) {
            return null;
        }
        var last = shifts.floorEntry(from);
        return last == null ? Long.valueOf(0) : last.getValue();
    }
}

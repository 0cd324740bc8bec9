package dev.perigee.home.wal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * When each WAL heartbeat was sent, and so, when one is read back, how old what the feed has shown is. Age counts from
 * the sending and by the monotonic clock. Thread-safe.
 */
final class HeartbeatLedger {

    /** So long that nobody takes it for fresh, and short enough for every unit. */
    static final Duration NEVER = Duration.ofDays(3650);

    private static final int MOST_UNANSWERED = 1024;

    /** No number has more than 18 digits. */
    private static final long LARGEST_FIRST = 900_000_000_000_000_000L;

    private record Sent(long nanos, Instant at) {}

    private final LongSupplier nanoTime;
    private final Clock clock;
    private final TreeMap<Long, Sent> unanswered = new TreeMap<>();
    private long last;
    private boolean any;
    private Sent proven;

    /** Empty. Its numbers begin anywhere: a slot may outlive its home, and then brings us what the process before us sent. */
    HeartbeatLedger(LongSupplier nanoTime, Clock clock) {
        this(nanoTime, clock, ThreadLocalRandom.current().nextLong(LARGEST_FIRST));
    }

    /**
     * Empty.
     *
     * @param last its numbers begin above this one; no other process of the same home may have used them
     */
    HeartbeatLedger(LongSupplier nanoTime, Clock clock, long last) {
        this.nanoTime = nanoTime;
        this.clock = clock;
        this.last = last;
        this.proven = new Sent(0, Instant.EPOCH);
    }

    /** A heartbeat is about to be sent: its number, never used before, by no other process either. */
    synchronized long send() {
        long sequence = ++last;
        unanswered.put(sequence, new Sent(nanoTime.getAsLong(), clock.instant()));
        if (unanswered.size() > MOST_UNANSWERED) {
            unanswered.pollFirstEntry();
        }
        return sequence;
    }

    /** A heartbeat was read back. Unknown numbers are passed over. */
    synchronized void readBack(long sequence) {
        Sent sent = unanswered.get(sequence);
        if (sent != null) {
            proven = sent;
            any = true;
            unanswered.headMap(sequence, true).clear();
        }
    }

    /** What was sent to an earlier connection will not be read back from this one. */
    synchronized void forget() {
        unanswered.clear();
    }

    synchronized Duration age() {
        return any ? Duration.ofNanos(Math.max(0, nanoTime.getAsLong() - proven.nanos())) : NEVER;
    }

    synchronized Instant asOf() {
        return proven.at();
    }

    /** For tests and diagnosis: how many have not come back. */
    synchronized Map<Long, Instant> outstanding() {
        Map<Long, Instant> times = new TreeMap<>();
        unanswered.forEach((sequence, sent) -> times.put(sequence, sent.at()));
        return times;
    }
}

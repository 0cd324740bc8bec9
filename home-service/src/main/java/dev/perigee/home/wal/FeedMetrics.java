package dev.perigee.home.wal;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;

/** What the feed counts. Thread-safe. */
final class FeedMetrics {

    private final MeterRegistry registry;
    private final Counter commits;
    private final Counter appended;
    private final Counter connections;
    private final Counter eras;
    private final Counter slotsLost;
    private final Timer delay;

    FeedMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.commits = Counter.builder("perigee.home.feed.commits")
                .description("Committed transactions decoded")
                .register(registry);
        this.appended = Counter.builder("perigee.home.invalidations.appended")
                .description("Records added to the invalidation log")
                .register(registry);
        this.connections = Counter.builder("perigee.home.feed.connections")
                .description("Times the feed was connected, the first included")
                .register(registry);
        this.eras = Counter.builder("perigee.home.feed.eras")
                .description("Times commits may have been missed, or the epoch changed, so that every edge flushes")
                .register(registry);
        this.slotsLost = Counter.builder("perigee.home.slot.lost")
                .description("Times this home's durable slot was found given up by PostgreSQL, and made anew")
                .register(registry);
        this.delay = Timer.builder("perigee.home.feed.delay")
                .description("From commit, by the database's clock, to the invalidation log, by home's")
                .publishPercentileHistogram()
                .register(registry);
    }

    void watch(Feed feed, VisibilityGate gate, Slots slots) {
        Gauge.builder("perigee.home.feed.age", feed, it -> it.age().toNanos() / 1e9)
                .description("How long ago the WAL heartbeat last read back was sent")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder("perigee.home.feed.connected", feed, it -> it.connected() ? 1 : 0)
                .description("Whether changes are arriving")
                .register(registry);
        Gauge.builder("perigee.home.gate.pending", gate, VisibilityGate::pending)
                .description("Commits decoded but not yet proven visible")
                .register(registry);
        Gauge.builder("perigee.home.slot.retained", slots, Slots::retainedBytes)
                .description("WAL that PostgreSQL keeps for this home's slot")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("perigee.home.slot.safe.wal.size", slots, Slots::safeWalSize)
                .description("WAL that may still be written before this home's slot may be lost")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("perigee.home.slot.abandoned", slots, it -> it.abandoned().size())
                .description("Durable slots of other homes that nobody has read from for long")
                .register(registry);
    }

    void commit() {
        commits.increment();
    }

    void appended(Instant committedAt) {
        appended.increment();
        Duration since = Duration.between(committedAt, Instant.now());
        delay.record(since.isNegative() ? Duration.ZERO : since);
    }

    void slotLost() {
        slotsLost.increment();
    }

    /** How often a slot was found lost since home started. */
    long slotsLost() {
        return (long) slotsLost.count();
    }

    void connected(boolean newEra) {
        connections.increment();
        if (newEra) {
            eras.increment();
        }
    }
}

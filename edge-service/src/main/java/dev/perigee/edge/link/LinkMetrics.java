package dev.perigee.edge.link;

import dev.perigee.model.InvalidationEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;

/** What the link counts. */
final class LinkMetrics {

    final Counter resets;
    final Counter flushes;
    final Counter connects;
    final Counter failovers;
    private final Counter applied;
    private final Timer commitToApplied;

    LinkMetrics(MeterRegistry registry) {
        resets = Counter.builder("perigee.edge.resets")
                .description("Times home made us drop everything")
                .register(registry);
        flushes = Counter.builder("perigee.edge.flushes")
                .description("Times we dropped everything because something may have been missed")
                .register(registry);
        connects = Counter.builder("perigee.edge.link.attempts")
                .description("Times the stream was asked for")
                .register(registry);
        failovers = Counter.builder("perigee.edge.home.failovers")
                .description("Times the stream was taken over by another home than had it before")
                .register(registry);
        applied = Counter.builder("perigee.edge.invalidations.applied")
                .description("Invalidations applied to the watermarks")
                .register(registry);
        commitToApplied = Timer.builder("perigee.edge.commit.to.applied")
                .description("From the commit, by the database's clock, to its effect here, by ours: off by as much as"
                        + " the clocks differ")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofMinutes(1))
                .register(registry);
    }

    void applied(InvalidationEvent event, Instant now) {
        applied.increment();
        Duration took = Duration.between(event.committedAt(), now);
        commitToApplied.record(took.isNegative() ? Duration.ZERO : took);
    }
}

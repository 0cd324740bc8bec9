package dev.perigee.edge.link;

import dev.perigee.edge.cache.CacheSurvey;
import dev.perigee.model.EdgeReport;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Tells home what is in the cache, when home asks for it: one report at a time, and never two in quick succession, however
 * often it is asked for. Thread-safe, never blocks.
 */
final class Reporter {

    private static final Logger log = LoggerFactory.getLogger(Reporter.class);

    private static final long LEAST_GAP = Duration.ofSeconds(2).toNanos();
    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    private final HomeStream home;
    private final CacheSurvey survey;
    private final MeterRegistry meters;
    /** From when on another one may be sent. */
    private final AtomicLong nextAt = new AtomicLong(System.nanoTime());

    Reporter(HomeStream home, CacheSurvey survey, MeterRegistry meters) {
        this.home = home;
        this.survey = survey;
        this.meters = meters;
    }

    /** Home has asked for one. That it did not get it does not matter: it will ask again. */
    void asked(String homeUrl, long generation) {
        long now = System.nanoTime();
        long next = nextAt.get();
        if (now - next < 0 || !nextAt.compareAndSet(next, now + LEAST_GAP + TIMEOUT.toNanos())) {
            return;
        }
        Mono.fromSupplier(() -> report(generation))
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(report -> home.report(homeUrl, report))
                .timeout(TIMEOUT)
                .doFinally(end -> nextAt.set(System.nanoTime() + LEAST_GAP))
                .subscribe(sent -> {}, failure -> log.debug("No report for home: {}", failure.toString()));
    }

    private EdgeReport report(long generation) {
        return survey.report(generation, byReason("perigee.edge.misses"), byReason("perigee.edge.bypasses"));
    }

    /** Over all protocols. */
    private Map<String, Long> byReason(String metric) {
        Map<String, Long> counts = new HashMap<>();
        for (Counter counter : meters.find(metric).counters()) {
            String reason = counter.getId().getTag("reason");
            if (reason != null) {
                counts.merge(reason, (long) counter.count(), Long::sum);
            }
        }
        return counts;
    }
}

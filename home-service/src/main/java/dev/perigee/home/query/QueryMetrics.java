package dev.perigee.home.query;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;
import java.util.function.LongSupplier;
import reactor.core.publisher.Mono;

/** Counts and times statements. Thread-safe. */
final class QueryMetrics {

    private final MeterRegistry registry;

    QueryMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    <T> Mono<T> timed(StatementKind kind, Mono<T> execution) {
        return timed("perigee.home.query.statements", kind.name().toLowerCase(Locale.ROOT), execution);
    }

    <T> Mono<T> timedTransaction(Mono<T> execution) {
        return timed("perigee.home.query.statements", "transaction", execution);
    }

    /** Times an analysis: of a {@code query} sent here, or of a {@code statement} of a session elsewhere. */
    <T> Mono<T> timedAnalysis(String kind, Mono<T> analysis) {
        return timed("perigee.home.query.analysis", kind, analysis);
    }

    void asked(String cacheability) {
        Counter.builder("perigee.home.query.asked")
                .description("Statements of sessions elsewhere that edges asked about, by the answer")
                .tag("cacheability", cacheability)
                .register(registry)
                .increment();
    }

    private <T> Mono<T> timed(String name, String kind, Mono<T> work) {
        return Mono.defer(() -> {
            Timer.Sample sample = Timer.start(registry);
            return work.doFinally(end -> sample.stop(Timer.builder(name)
                    .tag("kind", kind)
                    .tag(
                            "outcome",
                            switch (end) {
                                case ON_COMPLETE -> "success";
                                case CANCEL -> "cancelled";
                                default -> "error";
                            })
                    .register(registry)));
        });
    }

    void uncacheable(Reason reason) {
        Counter.builder("perigee.home.query.uncacheable")
                .description("Answers that may not be kept, by reason")
                .tag("reason", reason.code())
                .register(registry)
                .increment();
    }

    void decisions(LongSupplier size) {
        Gauge.builder("perigee.home.query.decisions", size::getAsLong)
                .description("Statements whose cacheability is remembered")
                .register(registry);
    }
}

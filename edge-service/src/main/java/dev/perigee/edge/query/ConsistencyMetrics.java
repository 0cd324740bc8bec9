package dev.perigee.edge.query;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts what came of comparing hits with home, since the start. Thread-safe. */
final class ConsistencyMetrics {

    private final LongAdder checked = new LongAdder();
    private final LongAdder violations = new LongAdder();
    private final Map<Verdict, LongAdder> inconclusive = new EnumMap<>(Verdict.class);

    ConsistencyMetrics(MeterRegistry registry) {
        FunctionCounter.builder("perigee.consistency.checked", checked, LongAdder::sum)
                .description("Hits that could be compared with home at the same version")
                .register(registry);
        FunctionCounter.builder("perigee.consistency.violations", violations, LongAdder::sum)
                .description("Hits that were not what home says at the same version")
                .register(registry);
        for (Verdict verdict : Verdict.values()) {
            if (!verdict.isConclusive()) {
                LongAdder sum = new LongAdder();
                inconclusive.put(verdict, sum);
                FunctionCounter.builder("perigee.consistency.inconclusive", sum, LongAdder::sum)
                        .description("Hits that could not be compared with home at the same version")
                        .tag("reason", verdict.reason())
                        .register(registry);
            }
        }
        Gauge.builder("perigee.consistency.nines", this, ConsistencyMetrics::nines)
                .description("The share of hits shown to be right, with 95 % confidence, in nines")
                .register(registry);
    }

    void count(Verdict verdict) {
        if (verdict == Verdict.VIOLATED) {
            // First: nobody shall read more nines than there are.
            violations.increment();
        }
        LongAdder sum = inconclusive.get(verdict);
        (sum == null ? checked : sum).increment();
    }

    private double nines() {
        long all = checked.sum();
        return Nines.shown(all, violations.sum());
    }

    /** For {@code GET /api/cache}. */
    CacheReport.Consistency report() {
        long all = checked.sum();
        long wrong = violations.sum();
        Map<String, Long> reasons = new LinkedHashMap<>();
        inconclusive.forEach((verdict, sum) -> {
            if (sum.sum() > 0) {
                reasons.put(verdict.reason(), sum.sum());
            }
        });
        return new CacheReport.Consistency(all, wrong, reasons, Nines.shown(all, wrong), Nines.words(all, wrong));
    }
}

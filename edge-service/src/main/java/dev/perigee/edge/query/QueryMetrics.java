package dev.perigee.edge.query;

import dev.perigee.edge.cache.Traffic;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;

/** Counts how statements were answered over one protocol. Thread-safe, cheap. */
public final class QueryMetrics {

    /** Reasons come over the wire; a home that invents them must not fill our memory. */
    private static final int MAX_REASONS = 64;

    private final MeterRegistry registry;
    private final Traffic traffic;
    private final String protocol;
    private final Counter hits;
    private final Counter staleHits;
    private final Counter joins;
    private final Timer latency;
    private final Timer failures;
    private final ConcurrentMap<String, Counter> misses = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Counter> bypasses = new ConcurrentHashMap<>();

    /**
     * Counts into this registry, and into what the edge reports of itself.
     *
     * @param protocol the tag that keeps protocols apart: {@code http} or {@code pgwire}
     */
    public QueryMetrics(MeterRegistry registry, Traffic traffic, String protocol) {
        this.registry = registry;
        this.traffic = traffic;
        this.protocol = protocol;
        this.hits = Counter.builder("perigee.edge.hits")
                .description("Reads answered from memory")
                .tags("freshness", "fresh", "protocol", protocol)
                .register(registry);
        this.staleHits = Counter.builder("perigee.edge.hits")
                .description("Reads answered from memory")
                .tags("freshness", "stale-if-error", "protocol", protocol)
                .register(registry);
        this.joins = Counter.builder("perigee.edge.flights.joined")
                .description("Reads answered by another read's request to home")
                .register(registry);
        this.latency = latency("answered");
        this.failures = latency("failed");
        // So that the name is there, at 0, before the first miss.
        misses("absent");
    }

    /** A read was answered from memory. */
    public void hit() {
        hits.increment();
        traffic.hit();
    }

    void staleHit() {
        staleHits.increment();
        traffic.hit();
    }

    void joined() {
        joins.increment();
    }

    /** A read that may be kept was not. */
    public void miss(String reason) {
        misses(reason).increment();
        traffic.miss();
    }

    private Counter misses(String reason) {
        return counter(misses, "perigee.edge.misses", "Cacheable reads sent to home", reason);
    }

    /** A statement was sent past the cache. */
    public void bypass(String reason) {
        counter(bypasses, "perigee.edge.bypasses", "Statements sent past the cache", reason)
                .increment();
        traffic.bypass();
    }

    void asked(long nanos, boolean answered) {
        (answered ? latency : failures).record(nanos, TimeUnit.NANOSECONDS);
    }

    private Counter counter(ConcurrentMap<String, Counter> known, String name, String description, String reason) {
        Counter counter = known.get(reason);
        if (counter != null) {
            return counter;
        }
        boolean usable = known.size() < MAX_REASONS && reason.matches("[a-z][a-z0-9-]{0,39}");
        String tag = usable ? reason : "other";
        return known.computeIfAbsent(
                tag,
                value -> Counter.builder(name)
                        .description(description)
                        .tags("reason", value, "protocol", protocol)
                        .register(registry));
    }

    private Timer latency(String outcome) {
        return Timer.builder("perigee.edge.home.latency")
                .description("From sending a statement to home to having its whole answer")
                .tag("outcome", outcome)
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofMinutes(1))
                .register(registry);
    }
}

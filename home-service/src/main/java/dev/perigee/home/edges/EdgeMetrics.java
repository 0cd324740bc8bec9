package dev.perigee.home.edges;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What is counted and timed about edges. Thread-safe. */
final class EdgeMetrics {

    private static final String FRAMES = "perigee.home.frames.sent";
    static final String APPLIED_TIME = "perigee.home.invalidations.applied.time";
    private static final String RESETS = "perigee.home.edges.resets";

    private final MeterRegistry meters;
    private final Counter conflated;
    private final Counter filtered;
    private final Counter resumed;
    private final Counter takenOver;
    private final Counter pruned;
    private final Counter acksLate;
    private final Timer applied;
    /** Not Micrometer's counters, which take ten times as long: these are counted for every frame of every edge. */
    private final Map<String, LongAdder> framesSent = new ConcurrentHashMap<>();

    private final Map<String, Meter> lags = new ConcurrentHashMap<>();

    EdgeMetrics(MeterRegistry meters) {
        this.meters = meters;
        FunctionCounter.builder("perigee.home.invalidations.sent", frames(InvalidationEvent.EVENT), LongAdder::sum)
                .description("Invalidation frames handed to the streams of edges")
                .register(meters);
        this.conflated = Counter.builder("perigee.home.invalidations.conflated")
                .description("Invalidations an edge was spared: before it got to them, all their tables had changed"
                        + " again, and the later invalidation says it all")
                .register(meters);
        this.filtered = Counter.builder("perigee.home.invalidations.filtered")
                .description("Invalidations an edge was spared because none of their tables is in its interest")
                .register(meters);
        Counter.builder("perigee.home.invalidations.dropped")
                .description("Invalidations that concern a connected edge and were not sent to it: always 0")
                .register(meters);
        this.resumed = Counter.builder("perigee.home.edges.resumed")
                .description("Sessions that carried on where the edge had stopped")
                .register(meters);
        this.takenOver = Counter.builder("perigee.home.edges.takeovers")
                .description("Sessions replaced by a later one of the same edge, here or at another home")
                .register(meters);
        this.pruned = Counter.builder("perigee.home.edges.pruned")
                .description("Sessions closed because the edge did not acknowledge within the liveness window")
                .register(meters);
        this.acksLate = Counter.builder("perigee.home.edges.acks.late")
                .description("Acknowledgements that came more than two heartbeats after the one before")
                .register(meters);
        this.applied = Timer.builder(APPLIED_TIME)
                .description("From the commit's arrival in home's log to its effect at an edge, and the way back of the"
                        + " acknowledgement that says so; without the time that the edge waited before it said so."
                        + " Changes older than the session are left out")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofSeconds(30))
                .register(meters);
        // From the start: Prometheus sees no increase in a counter whose first sample is that of the first reset.
        for (Reset.Reason reason : Reset.Reason.values()) {
            resets(reason);
        }
    }

    void watch(EdgeRegistry registry) {
        Gauge.builder("perigee.home.edges.connected", registry, EdgeRegistry::size)
                .description("Edges with a session at this home")
                .register(meters);
    }

    /** An edge that had no session has one. Calls of this and of {@link #left} come one at a time. */
    void joined(String edgeId, EdgeRegistry registry) {
        Gauge lag = Gauge.builder("perigee.home.edge.ack.lag", registry, edges -> lag(edges, edgeId))
                .description("Between the head of home's log and what the edge has acknowledged")
                .baseUnit("bytes")
                .tag("edge_id", edgeId)
                .register(meters);
        lags.put(edgeId, lag);
    }

    /** An edge has no session any more. */
    void left(String edgeId) {
        Meter lag = lags.remove(edgeId);
        if (lag != null) {
            meters.remove(lag);
        }
    }

    private static double lag(EdgeRegistry registry, String edgeId) {
        EdgeSession session = registry.find(edgeId);
        Long lag = session == null ? null : session.lag();
        return lag == null ? Double.NaN : lag.doubleValue();
    }

    void frameSent(StreamEvent event) {
        frames(event.eventName()).increment();
    }

    private LongAdder frames(String event) {
        return framesSent.computeIfAbsent(event, name -> {
            LongAdder sent = new LongAdder();
            FunctionCounter.builder(FRAMES, sent, LongAdder::sum)
                    .tag("event", name)
                    .register(meters);
            return sent;
        });
    }

    void conflated(long invalidations) {
        conflated.increment((double) invalidations);
    }

    void filtered() {
        filtered.increment();
    }

    void resumed() {
        resumed.increment();
    }

    void reset(Reset.Reason reason) {
        resets(reason).increment();
    }

    private Counter resets(Reset.Reason reason) {
        return meters.counter(RESETS, "reason", reason.name().toLowerCase(Locale.ROOT));
    }

    void takenOver() {
        takenOver.increment();
    }

    void pruned() {
        pruned.increment();
    }

    void ackLate() {
        acksLate.increment();
    }

    /** An edge may say that it has waited longer than it can have; then it was at once. */
    void applied(Duration sinceAppended) {
        applied.record(sinceAppended.isNegative() ? Duration.ZERO : sinceAppended);
    }
}

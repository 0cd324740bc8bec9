package dev.perigee.home.edges;

import dev.perigee.model.EdgeNode;
import dev.perigee.model.HomeNode;
import dev.perigee.web.WireJson;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.function.Tuples;

/**
 * The fleet as consoles are shown it: looked up and encoded once for all of them, and only while one is open. A large fleet
 * is looked up less often. Thread-safe.
 */
final class ConsoleState {

    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int EDGES_PER_TICK = 200;

    private final FleetDirectory directory;
    private final HomeView home;
    private final AppliedLatency latency;
    private final AtomicLong sequence = new AtomicLong();
    private volatile @Nullable Snapshot latest;
    private final Flux<Long> ticks = Flux.interval(Duration.ZERO, TICK)
            .onBackpressureDrop()
            .concatMap(this::look, 1)
            // The next console is not to be shown what the last one saw.
            .doFinally(end -> latest = null)
            .share();

    ConsoleState(FleetDirectory directory, HomeView home, AppliedLatency latency) {
        this.directory = directory;
        this.home = home;
        this.latency = latency;
    }

    /** The state at one time, as a frame of the stream. Immutable. */
    static final class Snapshot {
        private final long sequence;
        private final byte[] frame;
        private final int edges;

        Snapshot(long sequence, byte[] frame, int edges) {
            this.sequence = sequence;
            this.frame = frame;
            this.edges = edges;
        }

        long sequence() {
            return sequence;
        }

        /** Nobody may change it. */
        byte[] frame() {
            return frame;
        }
    }

    /**
     * What a frame says.
     *
     * @param homeId of the home that says it
     * @param complete false if the database could not be asked: then the edges are this home's own alone
     * @param latency how long commits have taken to be applied since the frame before
     */
    record State(
            String homeId, boolean complete, AppliedLatency.Summary latency, List<HomeNode> homes, List<Edge> edges) {}

    /**
     * An edge.
     *
     * @param node as in {@code GET /api/edge}
     * @param ackAgeMs how long ago it last acknowledged, as far as this home knows
     * @param stalenessMs how far behind the commits it may be at the most; null if not known
     * @param inStep whether that is little, and it was said lately
     * @param epoch in which {@code confirmed} is a version
     * @param confirmed up to there it has applied everything; -1 if that is not known
     */
    record Edge(
            EdgeNode node,
            long ackAgeMs,
            @Nullable Long stalenessMs,
            boolean inStep,
            @Nullable String epoch,
            long confirmed) {}

    /** The newest, or null before the first. */
    @Nullable
    Snapshot latest() {
        return latest;
    }

    /** While subscribed the state is kept up to date; an element each time it was looked at. Ends in no error. */
    Flux<Long> ticks() {
        return ticks;
    }

    private Mono<Long> look(long tick) {
        Snapshot before = latest;
        if (before != null && tick % (1 + before.edges / EDGES_PER_TICK) != 0) {
            return Mono.just(tick);
        }
        return Mono.zip(latency.since(), directory.homes(), directory.sightings())
                .map(all -> state(all.getT1(), all.getT2(), all.getT3(), true))
                .onErrorResume(unavailable -> Mono.fromSupplier(
                        () -> state(AppliedLatency.Summary.NOTHING, List.of(home.now()), directory.own(), false)))
                .map(state -> Tuples.of(frame("state", state), state.edges().size()))
                .doOnNext(frame -> latest = new Snapshot(sequence.incrementAndGet(), frame.getT1(), frame.getT2()))
                .thenReturn(tick);
    }

    private State state(
            AppliedLatency.Summary summary, List<HomeNode> homes, Collection<Sighting> edges, boolean complete) {
        return new State(
                home.id(),
                complete,
                summary,
                homes,
                edges.stream().map(this::describe).toList());
    }

    private Edge describe(Sighting edge) {
        Long reported = edge.node().stats().stalenessMs();
        long age = edge.ackAgeMs() + edge.writtenAgoMs();
        return new Edge(
                edge.node(),
                age,
                reported == null ? null : reported + age,
                directory.inStep(edge),
                edge.epoch(),
                edge.confirmed());
    }

    /** An event of the stream, as bytes. */
    static byte[] frame(String event, Object data) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.writeBytes(("event: " + event + "\ndata: ").getBytes(StandardCharsets.US_ASCII));
        frame.writeBytes(WireJson.mapper().writeValueAsBytes(data));
        frame.writeBytes("\n\n".getBytes(StandardCharsets.US_ASCII));
        return frame.toByteArray();
    }
}

package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Goodbye;
import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class EdgeRegistryTest {

    private final FakeSource source = FakeSource.begun(100);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Instant begun = Instant.parse("2026-11-21T00:00:00Z");
    private long now = -5;
    private long generation;
    private final EdgeRegistry registry = registry(source);

    private EdgeRegistry registry(FakeSource from) {
        return new EdgeRegistry(
                2,
                from,
                new SessionSettings("home-1", Duration.ofSeconds(1), 64, Duration.ofSeconds(10)),
                new EdgeMetrics(meters),
                () -> new Moment(now, begun.plusNanos(now)));
    }

    private EdgeSession register(String id) {
        return register(id, ++generation);
    }

    private EdgeSession register(String id, long given) {
        return registry.register(new EdgeRegistration(id, "here", "http://" + id + ":8081"), given, null, () -> {});
    }

    private void later(Duration time) {
        now += time.toNanos();
    }

    private static void acknowledge(EdgeRegistry registry, EdgeSession session) {
        registry.acknowledge(session.edgeId(), new Acknowledgement(session.generation(), 0, null));
    }

    private static void refused(ProblemCode code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        problem -> assertThat(problem.code()).isEqualTo(code));
    }

    private static Goodbye goodbye(EdgeSession session) {
        return (Goodbye) session.next(0).event();
    }

    @Test
    void acceptsNobodyBeforeTheFeedHasBegun() {
        EdgeRegistry early = registry(new FakeSource());
        refused(
                ProblemCode.FEED_UNAVAILABLE,
                () -> early.register(new EdgeRegistration("a", "here", "http://a"), 1, null, () -> {}));
    }

    @Test
    void refusesMoreEdgesThanItsCapacity() {
        register("a");
        register("b");
        assertThatThrownBy(() -> register("c")).isInstanceOfSatisfying(ProblemException.class, problem -> {
            assertThat(problem.code()).isEqualTo(ProblemCode.CAPACITY_EXCEEDED);
            assertThat(problem.retryAfter()).isPositive();
        });
        assertThat(registry.edges()).extracting(EdgeNode::edgeId).containsExactly("a", "b");
    }

    @Test
    void aKnownEdgeReplacesItselfEvenWhenFull() {
        EdgeSession before = register("a");
        register("b");
        EdgeSession after = register("a");
        assertThat(registry.size()).isEqualTo(2);
        assertThat(after.generation()).isGreaterThan(before.generation());
        assertThat(goodbye(before).reason()).isEqualTo(Goodbye.Reason.SUPERSEDED);
        assertThat(registry.require("a")).isSameAs(after);
        assertThat(meters.get("perigee.home.edges.takeovers").counter().count()).isEqualTo(1);
    }

    @Test
    void theGenerationFencesTheOneBefore() {
        EdgeSession before = register("a");
        EdgeSession after = register("a");
        refused(ProblemCode.GENERATION_FENCED, () -> acknowledge(registry, before));
        acknowledge(registry, after);
        refused(
                ProblemCode.GENERATION_FENCED,
                () -> registry.acknowledge("a", new Acknowledgement(after.generation() + 1, 0, null)));
        refused(ProblemCode.EDGE_UNKNOWN, () -> registry.acknowledge("b", new Acknowledgement(1, 0, null)));
    }

    @Test
    void theLateEndOfAnOldSessionDoesNotTouchItsSuccessor() {
        EdgeSession before = register("a");
        EdgeSession after = register("a");
        registry.ended(before);
        assertThat(registry.require("a")).isSameAs(after);
        registry.ended(after);
        assertThat(registry.size()).isZero();
        registry.ended(after);
    }

    /** Claims are answered in any order. */
    @Test
    void ofTwoRegistrationsTheHigherGenerationWinsWhicheverComesLast() {
        EdgeSession later = register("a", 12);
        EdgeSession earlier = register("a", 11);
        assertThat(registry.require("a")).isSameAs(later);
        assertThat(goodbye(earlier).reason()).isEqualTo(Goodbye.Reason.SUPERSEDED);
        assertThat(later.closed()).isFalse();
        registry.ended(earlier);
        assertThat(registry.require("a")).isSameAs(later);
    }

    @Test
    void aClaimElsewhereEndsALowerGenerationAndNoOther() {
        EdgeSession session = register("a", 12);
        registry.claimed("a", 12);
        registry.claimed("a", 11);
        registry.claimed("b", 99);
        assertThat(registry.find("a")).isSameAs(session);
        registry.claimed("a", 13);
        assertThat(registry.find("a")).isNull();
        assertThat(goodbye(session).reason()).isEqualTo(Goodbye.Reason.SUPERSEDED);
        assertThat(session.view().counters().takeovers()).isEqualTo(1);
    }

    @Test
    void anEvictionThatIsReadAgainDoesNotTouchAnEdgeThatIsBack() {
        register("a", 12);
        registry.evict("a", 12);
        EdgeSession back = register("a", 13);
        registry.evict("a", 12);
        assertThat(registry.find("a")).isSameAs(back);
    }

    @Test
    void remembersWhichSessionsHaveEndedUntilThatIsTold() {
        List<String> told = new ArrayList<>();
        registry.onChange(() -> told.add("changed"));
        EdgeSession first = register("a", 12);
        assertThat(told).hasSize(1);
        register("a", 13);
        registry.ended(first);
        assertThat(registry.takeDeparted()).isEmpty();
        registry.evict("a", 13);
        registry.departed("b", 5);
        assertThat(told).hasSize(4);
        assertThat(registry.takeDeparted()).isEqualTo(Map.of("a", 13L, "b", 5L));
        assertThat(registry.takeDeparted()).isEmpty();
    }

    @Test
    void countersOutliveSessions() {
        EdgeSession first = register("a");
        while (first.next(now) != null) {}
        long sent = first.view().counters().framesSent();
        assertThat(sent).isPositive();
        registry.ended(first);
        assertThat(register("a").view().counters().framesSent()).isEqualTo(sent);
    }

    @Test
    void prunesWhoeverDoesNotAcknowledge() {
        EdgeSession silent = register("a");
        EdgeSession alive = register("b");
        later(Duration.ofSeconds(6));
        acknowledge(registry, alive);
        later(Duration.ofSeconds(4));
        assertThat(registry.prune()).isEmpty();
        later(Duration.ofNanos(1));
        assertThat(registry.prune()).containsExactly("a");
        assertThat(registry.prune()).isEmpty();
        assertThat(goodbye(silent).reason()).isEqualTo(Goodbye.Reason.EVICTED);
        refused(ProblemCode.EDGE_UNKNOWN, () -> acknowledge(registry, silent));
        assertThat(registry.edges()).extracting(EdgeNode::edgeId).containsExactly("b");
        assertThat(meters.get("perigee.home.edges.pruned").counter().count()).isEqualTo(1);
    }

    @Test
    void theDeadMakeRoomAtOnce() {
        register("a");
        register("b");
        later(Duration.ofSeconds(11));
        register("c");
        assertThat(registry.edges()).extracting(EdgeNode::edgeId).containsExactly("c");
    }

    @Test
    void evictsAndLetsComeBack() {
        EdgeSession session = register("a");
        registry.evict("a", session.generation());
        assertThat(goodbye(session).reason()).isEqualTo(Goodbye.Reason.EVICTED);
        register("a");
        assertThat(registry.size()).isEqualTo(1);
    }

    @Test
    void drainingSaysGoodbyeToAllAndAcceptsNoMore() {
        EdgeSession session = register("a");
        registry.drain();
        assertThat(goodbye(session).reason()).isEqualTo(Goodbye.Reason.DRAIN);
        refused(ProblemCode.SHUTTING_DOWN, () -> register("b"));
        registry.open();
        register("b");
    }

    @Test
    void anEdgesGaugeComesAndGoesWithIt() {
        EdgeSession first = register("a");
        EdgeSession second = register("a");
        assertThat(meters.find("perigee.home.edge.ack.lag").gauges()).hasSize(1);
        while (second.next(now) != null) {}
        acknowledge(registry, second);
        registry.acknowledge("a", new Acknowledgement(second.generation(), 100, null));
        source.commit(150, "t");
        assertThat(meters.get("perigee.home.edge.ack.lag")
                        .tag("edge_id", "a")
                        .gauge()
                        .value())
                .isEqualTo(50);
        registry.ended(first);
        assertThat(meters.find("perigee.home.edge.ack.lag").gauges()).hasSize(1);
        registry.ended(second);
        assertThat(meters.find("perigee.home.edge.ack.lag").gauges()).isEmpty();
        assertThat(meters.get("perigee.home.edges.connected").gauge().value()).isZero();
    }
}

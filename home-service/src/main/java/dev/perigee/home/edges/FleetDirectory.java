package dev.perigee.home.edges;

import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.Eligibility;
import dev.perigee.model.EligibleEdge;
import dev.perigee.model.HomeNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Who is there, at all homes: this home's own edges as they are now, the others' as their homes last described them. Of
 * two homes that both believe they hold an edge the one with the newer generation does.
 */
final class FleetDirectory {

    private final EdgeRegistry registry;
    private final FleetStore store;
    private final HomeView home;
    private final EligibilityTable eligibility;
    private final Freshness freshness;
    private final LongSupplier nanoTime;

    FleetDirectory(
            EdgeRegistry registry,
            FleetStore store,
            HomeView home,
            EligibilityTable eligibility,
            Freshness freshness,
            LongSupplier nanoTime) {
        this.registry = registry;
        this.store = store;
        this.home = home;
        this.eligibility = eligibility;
        this.freshness = freshness;
        this.nanoTime = nanoTime;
    }

    /**
     * When an edge counts as being in step.
     *
     * @param stalenessMs how far behind it may be, and how long ago it may have said so, milliseconds
     * @param writtenAgoMs how old the description by another home may be, milliseconds
     */
    record Freshness(long stalenessMs, long writtenAgoMs) {

        boolean holds(Sighting edge) {
            Long staleness = edge.node().stats().stalenessMs();
            return staleness != null
                    && staleness <= stalenessMs
                    && edge.ackAgeMs() <= stalenessMs
                    && edge.writtenAgoMs() <= writtenAgoMs;
        }
    }

    /** All edges, by id. */
    Mono<List<EdgeNode>> edges() {
        return sightings().map(edges -> edges.stream().map(Sighting::node).toList());
    }

    /** One edge, or {@code edge-unknown}. */
    Mono<EdgeNode> edge(String edgeId) {
        return edges().flatMap(edges -> edges.stream()
                .filter(edge -> edge.edgeId().equals(edgeId))
                .findFirst()
                .map(Mono::just)
                .orElseGet(() -> Mono.error(() -> Fleet.unknown(edgeId))));
    }

    /** All edges, with how much is known of them, by id. */
    Mono<Collection<Sighting>> sightings() {
        return store.edges().map(this::merge);
    }

    /** This home's own edges, by id. */
    Collection<Sighting> own() {
        return merge(List.of());
    }

    /** Whether this edge is little behind, and has said so lately. */
    boolean inStep(Sighting edge) {
        return freshness.holds(edge);
    }

    private Collection<Sighting> merge(List<Sighting> rows) {
        Map<String, Sighting> edges = new TreeMap<>();
        long now = nanoTime.getAsLong();
        registry.sessions().forEach(session -> edges.put(session.edgeId(), session.sighting(now)));
        for (Sighting row : rows) {
            EdgeNode node = row.node();
            // What stands under our name and has no session is about to begin, or a moment ago ended.
            if (!node.homeId().equals(home.id())) {
                edges.merge(
                        node.edgeId(),
                        row,
                        (own, other) -> own.node().generation() < other.node().generation() ? other : own);
            }
        }
        return edges.values();
    }

    /** All homes, by id. */
    Mono<List<HomeNode>> homes() {
        return store.homes().map(rows -> {
            Map<String, HomeNode> homes = new TreeMap<>();
            rows.forEach(row -> homes.put(row.homeId(), row));
            HomeNode row = homes.get(home.id());
            HomeNode own = home.now();
            homes.put(home.id(), row == null ? own : HomeView.lastSeen(own, row.lastSeen()));
            return List.copyOf(homes.values());
        });
    }

    /**
     * The edges that may be sent reads: those in step first, of these the ones with less to do.
     *
     * @param geo only those the operator has placed there; all if null
     */
    Mono<List<EligibleEdge>> eligible(@Nullable String geo) {
        return sightings().map(edges -> {
            List<EligibleEdge> eligible = new ArrayList<>();
            for (Sighting edge : edges) {
                EdgeNode node = edge.node();
                Eligibility choice = eligibility.of(node.edgeId());
                if (choice.enabled()
                        && (geo == null || geo.equals(choice.capacity().geo()))) {
                    eligible.add(describe(edge, choice.capacity()));
                }
            }
            eligible.sort(Comparator.comparing(EligibleEdge::inStep)
                    .reversed()
                    .thenComparing(FleetDirectory::load)
                    .thenComparing(edge -> edge.stalenessMs() == null ? Long.MAX_VALUE : edge.stalenessMs())
                    .thenComparing(EligibleEdge::edgeId));
            return List.copyOf(eligible);
        });
    }

    private EligibleEdge describe(Sighting edge, Capacity capacity) {
        EdgeNode node = edge.node();
        Long reported = node.stats().stalenessMs();
        Long bound = node.stats().maxBytes();
        return new EligibleEdge(
                node.edgeId(),
                node.region(),
                node.baseUrl(),
                capacity,
                node.homeId(),
                freshness.holds(edge),
                reported == null ? null : reported + edge.ackAgeMs() + edge.writtenAgoMs(),
                node.requestsPerSecond(),
                bound == null || bound == 0
                        ? null
                        : Math.min(1, (double) node.stats().bytes() / bound));
    }

    /** Of a larger edge more may be asked. */
    private static double load(EligibleEdge edge) {
        Double cores = edge.capacity().cpuCores();
        return edge.requestsPerSecond() / (cores == null ? 1 : cores);
    }
}

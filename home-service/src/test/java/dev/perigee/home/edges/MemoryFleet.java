package dev.perigee.home.edges;

import dev.perigee.home.wal.ControlChannel;
import dev.perigee.home.wal.ControlMessage;
import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.HomeNode;
import io.r2dbc.spi.Connection;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/** What the only home of a test of HTTP shares with nobody. */
final class MemoryFleet implements FleetStore, EligibilityStore {

    private final ControlChannel control;
    private final Map<String, EdgeEligibility> rows = new TreeMap<>();
    private long number;

    MemoryFleet(ControlChannel control) {
        this.control = control;
    }

    @Override
    public synchronized Mono<Long> claim(EdgeNode first, boolean enable) {
        return Mono.just(++number);
    }

    @Override
    public Mono<Set<String>> renew(HomeNode home, List<Sighting> held, Map<String, Long> departed) {
        return Mono.just(held.stream().map(edge -> edge.node().edgeId()).collect(Collectors.toSet()));
    }

    @Override
    public Mono<Void> leave() {
        return Mono.empty();
    }

    @Override
    public Mono<List<Sighting>> edges() {
        return Mono.just(List.of());
    }

    @Override
    public Mono<List<HomeNode>> homes() {
        return Mono.just(List.of());
    }

    @Override
    public Mono<Boolean> evict(String id, String edgeId, long held) {
        return Mono.fromSupplier(() -> {
            if (held > 0) {
                control.decoded(List.of(new ControlMessage.Evicted(id, edgeId, held)), 1);
            }
            return held > 0;
        });
    }

    @Override
    public synchronized Mono<Written> enable(String edgeId, Capacity capacity) {
        boolean created = !rows.containsKey(edgeId);
        return Mono.just(new Written(write(edgeId, true, capacity), created));
    }

    @Override
    public synchronized Mono<EdgeEligibility> disable(String edgeId) {
        EdgeEligibility row = rows.get(edgeId);
        return row == null ? Mono.empty() : Mono.just(write(edgeId, false, row.capacity()));
    }

    private EdgeEligibility write(String edgeId, boolean enabled, Capacity capacity) {
        EdgeEligibility row = new EdgeEligibility(edgeId, enabled, capacity, ++number, Instant.EPOCH);
        rows.put(edgeId, row);
        return row;
    }

    @Override
    public synchronized Mono<EdgeEligibility> find(String edgeId) {
        return Mono.justOrEmpty(rows.get(edgeId));
    }

    @Override
    public synchronized Mono<List<EdgeEligibility>> all() {
        return Mono.just(List.copyOf(rows.values()));
    }

    @Override
    public Mono<List<EdgeEligibility>> all(Connection connection) {
        return all();
    }
}

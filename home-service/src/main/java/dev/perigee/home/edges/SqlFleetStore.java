package dev.perigee.home.edges;

import dev.perigee.home.database.ControlConnections;
import dev.perigee.home.database.Sql;
import dev.perigee.home.wal.HomeId;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.HomeNode;
import dev.perigee.web.WireJson;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;

/**
 * In {@code perigee.edge_session} and {@code perigee.home}, each operation one statement. Neither table is in the WAL, so
 * that renewals neither write much of it nor wait for standbys; what goes into the WAL besides need not wait for them
 * either: what a failover undoes, edges do again when they register anew.
 */
final class SqlFleetStore implements FleetStore {

    private static final Logger log = LoggerFactory.getLogger(SqlFleetStore.class);

    /** Rows are removed when they have not been renewed for so many liveness windows. */
    private static final int WINDOWS_KEPT = 10;

    /** Holds until the end of the statement, and so for its commit. */
    private static final String LOCAL = "local AS (SELECT set_config('synchronous_commit', 'local', true) AS set)";

    private static final String CLAIM = "WITH " + LOCAL + """
            , enabled AS (
              INSERT INTO perigee.edge_eligibility (edge_id, enabled) SELECT $1, true WHERE $4::boolean
              ON CONFLICT (edge_id) DO NOTHING
            ), claimed AS (
              INSERT INTO perigee.edge_session AS s
                     (edge_id, generation, home_id, node, ack_age_ms, confirmed, seen_at)
              VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $2, $3::jsonb, 0, -1,
                      clock_timestamp())
              ON CONFLICT (edge_id) DO UPDATE
                 SET generation = greatest(s.generation + 1, excluded.generation), home_id = excluded.home_id,
                     node = excluded.node, ack_age_ms = 0, epoch = NULL, confirmed = -1, seen_at = excluded.seen_at
              RETURNING edge_id, generation, home_id
            )
            SELECT generation, pg_logical_emit_message(true, 'perigee.claim', to_json(claimed)::text)::text, local.set
              FROM claimed, local""";

    private static final String RENEW = """
            WITH gone AS (
              DELETE FROM perigee.edge_session s
               USING jsonb_to_recordset($4::jsonb) AS d(edge_id text, generation bigint)
               WHERE s.edge_id = d.edge_id AND s.generation <= d.generation
            ), expired AS (
              DELETE FROM perigee.edge_session
               WHERE home_id <> $1 AND seen_at < clock_timestamp() - $5::bigint * interval '1 ms'
            ), dead AS (
              DELETE FROM perigee.home
               WHERE home_id <> $1 AND seen_at < clock_timestamp() - $5::bigint * interval '1 ms'
            ), own AS (
              INSERT INTO perigee.home AS h (home_id, node, seen_at) VALUES ($1, $2::jsonb, clock_timestamp())
              ON CONFLICT (home_id) DO UPDATE SET node = excluded.node, seen_at = excluded.seen_at
            )
            INSERT INTO perigee.edge_session AS s
                   (edge_id, generation, home_id, node, ack_age_ms, epoch, confirmed, seen_at)
            SELECT r.edge_id, r.generation, $1, r.node, r.ack_age_ms, r.epoch, r.confirmed, clock_timestamp()
              FROM jsonb_to_recordset($3::jsonb) AS r(edge_id text, generation bigint, node jsonb, ack_age_ms bigint,
                                                      epoch text, confirmed bigint)
             ORDER BY r.edge_id
            ON CONFLICT (edge_id) DO UPDATE
               SET generation = excluded.generation, home_id = excluded.home_id, node = excluded.node,
                   ack_age_ms = excluded.ack_age_ms, epoch = excluded.epoch, confirmed = excluded.confirmed,
                   seen_at = excluded.seen_at
             WHERE s.generation <= excluded.generation
            RETURNING s.edge_id""";

    private static final String LEAVE = """
            WITH sessions AS (DELETE FROM perigee.edge_session WHERE home_id = $1)
            DELETE FROM perigee.home WHERE home_id = $1""";

    private static final String EDGES = """
            SELECT (node || jsonb_build_object('generation', generation, 'home_id', home_id))::text,
                   floor(extract(epoch FROM clock_timestamp() - seen_at) * 1000)::bigint, ack_age_ms, epoch, confirmed
              FROM perigee.edge_session
             WHERE seen_at >= clock_timestamp() - $1::bigint * interval '1 ms'""";

    private static final String HOMES = """
            SELECT (node || jsonb_build_object('last_seen', to_json(seen_at)))::text FROM perigee.home
             WHERE seen_at >= clock_timestamp() - $1::bigint * interval '1 ms'""";

    private static final String EVICT = "WITH " + LOCAL + """
            , gone AS (
              DELETE FROM perigee.edge_session WHERE edge_id = $2
              RETURNING generation, seen_at >= clock_timestamp() - $4::bigint * interval '1 ms' AS fresh
            ), held AS (
              SELECT max(generation) AS generation
                FROM (SELECT generation FROM gone WHERE fresh UNION ALL SELECT $3::bigint) AS known
            )
            SELECT pg_logical_emit_message(true, 'perigee.evict',
                     json_build_object('id', $1::text, 'edge_id', $2::text, 'generation', generation)::text)::text,
                   local.set
              FROM held, local WHERE generation > 0""";

    private record Row(
            String edgeId,
            long generation,
            EdgeNode node,
            long ackAgeMs,
            @Nullable String epoch,
            long confirmed) {}

    private record Departed(String edgeId, long generation) {}

    private final ControlConnections connections;
    private final HomeId home;
    private final long livenessMs;

    SqlFleetStore(ControlConnections connections, HomeId home, Duration liveness) {
        this.connections = connections;
        this.home = home;
        this.livenessMs = liveness.toMillis();
    }

    @Override
    public Mono<Long> claim(EdgeNode first, boolean enable) {
        return connections.with(connection -> Sql.query(
                        connection, CLAIM, row -> number(row, 0), first.edgeId(), home.value(), json(first), enable)
                .next());
    }

    @Override
    public Mono<Set<String>> renew(HomeNode self, List<Sighting> held, Map<String, Long> departed) {
        List<Row> rows = held.stream()
                .map(edge -> new Row(
                        edge.node().edgeId(),
                        edge.node().generation(),
                        edge.node(),
                        edge.ackAgeMs(),
                        edge.epoch(),
                        edge.confirmed()))
                .toList();
        // No row may be written and removed in the same statement.
        Set<String> present = rows.stream().map(Row::edgeId).collect(Collectors.toSet());
        List<Departed> gone = departed.entrySet().stream()
                .filter(entry -> !present.contains(entry.getKey()))
                .map(entry -> new Departed(entry.getKey(), entry.getValue()))
                .toList();
        return connections.with(connection -> Sql.query(
                        connection,
                        RENEW,
                        row -> Sql.text(row, 0),
                        home.value(),
                        json(self),
                        json(rows),
                        json(gone),
                        livenessMs * WINDOWS_KEPT)
                .collect(Collectors.toSet()));
    }

    @Override
    public Mono<Void> leave() {
        return connections.with(connection ->
                Sql.query(connection, LEAVE, row -> true, home.value()).then());
    }

    @Override
    public Mono<List<Sighting>> edges() {
        return connections.with(connection -> readable(Sql.query(
                        connection,
                        EDGES,
                        row -> read(row, EdgeNode.class)
                                .map(node -> new Sighting(
                                        node,
                                        number(row, 1),
                                        number(row, 2),
                                        row.get(3, String.class),
                                        number(row, 4))),
                        livenessMs))
                .collectList());
    }

    @Override
    public Mono<List<HomeNode>> homes() {
        return connections.with(connection -> readable(
                        Sql.query(connection, HOMES, row -> read(row, HomeNode.class), livenessMs))
                .collectList());
    }

    @Override
    public Mono<Boolean> evict(String id, String edgeId, long held) {
        return connections.with(connection -> Sql.query(connection, EVICT, row -> true, id, edgeId, held, livenessMs)
                .next()
                .defaultIfEmpty(false));
    }

    private static <T> Flux<T> readable(Flux<Optional<T>> rows) {
        return rows.filter(Optional::isPresent).map(Optional::get);
    }

    /** A home of another release may have written it; what cannot be read is passed over. */
    private static <T> Optional<T> read(Readable row, Class<T> type) {
        String json = Sql.text(row, 0);
        try {
            return Optional.of(WireJson.tolerant().readValue(json, type));
        } catch (JacksonException | IllegalArgumentException unreadable) {
            log.warn("A row of the schema perigee cannot be read: {}", json, unreadable);
            return Optional.empty();
        }
    }

    private static long number(Readable row, int column) {
        Long value = row.get(column, Long.class);
        if (value == null) {
            throw new IllegalStateException("column " + column + " is null");
        }
        return value;
    }

    private static String json(Object value) {
        return WireJson.mapper().writeValueAsString(value);
    }
}

package dev.perigee.home.edges;

import dev.perigee.home.database.ControlConnections;
import dev.perigee.home.database.Sql;
import dev.perigee.home.wal.EligibilityRow;
import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.web.WireJson;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** As it is, in {@code perigee.edge_eligibility}. Its triggers number and announce what is written. */
final class SqlEligibilityStore implements EligibilityStore {

    private static final Logger log = LoggerFactory.getLogger(SqlEligibilityStore.class);

    /** A row that was inserted, and not updated, was locked by nobody. */
    private static final String ENABLE = """
            INSERT INTO perigee.edge_eligibility AS e (edge_id, enabled, cpu_cores, ram_mib, disk_mib, geo)
            SELECT $1, true, c.cpu_cores, c.ram_mib, c.disk_mib, c.geo
              FROM jsonb_to_record($2::jsonb) AS c(cpu_cores float8, ram_mib int, disk_mib int, geo text)
            ON CONFLICT (edge_id) DO UPDATE
               SET enabled = true, cpu_cores = excluded.cpu_cores, ram_mib = excluded.ram_mib,
                   disk_mib = excluded.disk_mib, geo = excluded.geo
            RETURNING to_json(e)::text, (e.xmax = 0)::text""";

    private static final String DISABLE =
            "UPDATE perigee.edge_eligibility AS e SET enabled = false WHERE edge_id = $1 RETURNING to_json(e)::text";

    private static final String ALL = "SELECT to_json(e)::text FROM perigee.edge_eligibility AS e";

    private final ControlConnections connections;

    SqlEligibilityStore(ControlConnections connections) {
        this.connections = connections;
    }

    @Override
    public Mono<Written> enable(String edgeId, Capacity capacity) {
        return connections.with(connection -> Sql.query(
                        connection,
                        ENABLE,
                        row -> new Written(
                                row(row).orElseThrow(), Sql.text(row, 1).equals("true")),
                        edgeId,
                        WireJson.mapper().writeValueAsString(capacity))
                .next());
    }

    @Override
    public Mono<EdgeEligibility> disable(String edgeId) {
        return connections.with(connection -> rows(Sql.query(connection, DISABLE, SqlEligibilityStore::row, edgeId))
                .next());
    }

    @Override
    public Mono<EdgeEligibility> find(String edgeId) {
        return connections.with(
                connection -> rows(Sql.query(connection, ALL + " WHERE edge_id = $1", SqlEligibilityStore::row, edgeId))
                        .next());
    }

    @Override
    public Mono<List<EdgeEligibility>> all() {
        return connections.with(this::all);
    }

    @Override
    public Mono<List<EdgeEligibility>> all(Connection connection) {
        return rows(Sql.query(connection, ALL, SqlEligibilityStore::row)).collectList();
    }

    private static Flux<EdgeEligibility> rows(Flux<Optional<EdgeEligibility>> rows) {
        return rows.filter(Optional::isPresent).map(Optional::get);
    }

    private static Optional<EdgeEligibility> row(Readable row) {
        String json = Sql.text(row, 0);
        EdgeEligibility read = EligibilityRow.parse(json);
        if (read == null) {
            log.warn("A row of perigee.edge_eligibility makes no sense and is passed over: {}", json);
        }
        return Optional.ofNullable(read);
    }
}

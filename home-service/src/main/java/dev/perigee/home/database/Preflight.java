package dev.perigee.home.database;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Looks whether home can work with a server at all: its version, {@code wal_level}, the role's privileges, room for a
 * slot, the publication, the schema. Everything that is missing is reported at once, each thing with the statement that mends it.
 */
final class Preflight {

    private static final int OLDEST = 14;

    /** On Amazon RDS nobody has the attribute REPLICATION: who is a member of rds_replication may replicate. */
    private static final String SQL = """
            SELECT current_setting('server_version_num')::int / 10000 AS major,
                   pg_is_in_recovery() AS standby,
                   current_setting('wal_level') AS wal_level,
                   rolreplication OR rolsuper AS replicates,
                   quote_ident(current_user) AS role,
                   quote_ident(current_database()) AS database,
                   has_database_privilege(current_database(), 'CREATE') AS creates,
                   current_setting('max_replication_slots')::int AS slots,
                   (SELECT count(*)::int FROM pg_replication_slots) AS slots_used,
                   (SELECT CASE WHEN pg_has_role(oid, 'MEMBER') THEN 'granted' ELSE 'there' END
                      FROM pg_roles WHERE rolname = 'rds_replication') AS rds
              FROM pg_roles WHERE rolname = current_user""";

    private static final String PUBLICATION_SQL = """
            SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate AS everything, pubviaroot
              FROM pg_publication WHERE pubname = 'perigee'""";

    /** Row filters exist from PostgreSQL 15 on. */
    private static final String FILTERS_SQL = """
            SELECT format('%I.%I', n.nspname, c.relname)
              FROM pg_publication_rel r
              JOIN pg_publication p ON p.oid = r.prpubid AND p.pubname = 'perigee'
              JOIN pg_class c ON c.oid = r.prrelid
              JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE to_jsonb(r) -> 'prqual' <> 'null'
             ORDER BY 1""";

    private record Server(
            int major,
            boolean standby,
            String walLevel,
            boolean replicates,
            String role,
            String database,
            boolean creates,
            int slots,
            int slotsUsed,
            @Nullable String rds) {

        static Server of(Readable row) {
            return new Server(
                    Integer.parseInt(Sql.text(row, 0)),
                    Sql.flag(row, "standby"),
                    Sql.text(row, 2),
                    Sql.flag(row, "replicates"),
                    Sql.text(row, 4),
                    Sql.text(row, 5),
                    Sql.flag(row, "creates"),
                    Integer.parseInt(Sql.text(row, 7)),
                    Integer.parseInt(Sql.text(row, 8)),
                    row.get("rds", String.class));
        }

        boolean mayReplicate() {
            return replicates || "granted".equals(rds);
        }

        String replicationGrant() {
            return rds == null ? "ALTER ROLE " + role + " REPLICATION;" : "GRANT rds_replication TO " + role + ";";
        }
    }

    private final ServerConnections connections;

    Preflight(ServerConnections connections) {
        this.connections = connections;
    }

    /** Completes if all is well; fails with {@link StartupFailure}. */
    Mono<Void> check() {
        return connections
                .with(this::problems)
                .onErrorMap(error -> !(error instanceof StartupFailure), Preflight::unreachable)
                .flatMap(problems -> problems.isEmpty() ? canReplicate() : Mono.error(new StartupFailure(problems)));
    }

    private Mono<List<String>> problems(Connection connection) {
        return Sql.query(connection, SQL, Server::of).single().flatMap(server -> {
            List<String> problems = new ArrayList<>(ofServer(server));
            return Sql.query(connection, PUBLICATION_SQL, Preflight::ofPublication)
                    .next()
                    .switchIfEmpty(Mono.fromSupplier(() -> withoutPublication(server)))
                    .doOnNext(problems::addAll)
                    .thenMany(Sql.query(connection, ControlPlane.PRIVILEGES, row -> ofSchema(row, server)))
                    .doOnNext(lines -> lines.stream()
                            .filter(line -> problems.stream().noneMatch(known -> sameRemedy(known, line)))
                            .forEach(problems::add))
                    .thenMany(Sql.query(connection, FILTERS_SQL, row -> Sql.text(row, 0)))
                    .doOnNext(table -> problems.add("Publication perigee filters the rows of " + table
                            + ": ALTER PUBLICATION perigee DROP TABLE " + table + ";"))
                    .then(Mono.fromSupplier(() -> List.copyOf(problems)));
        });
    }

    private static List<String> ofServer(Server server) {
        List<String> problems = new ArrayList<>();
        if (server.major() < OLDEST) {
            problems.add("PostgreSQL " + OLDEST + " or later is needed, this is " + server.major() + ".");
        }
        if (server.standby()) {
            problems.add("The server is a standby: point spring.r2dbc.url at the primary, or SELECT pg_promote();");
        }
        if (!"logical".equals(server.walLevel())) {
            problems.add("wal_level is " + server.walLevel()
                    + ": ALTER SYSTEM SET wal_level = 'logical'; and restart the server.");
        }
        if (!server.mayReplicate()) {
            problems.add("Role " + server.role() + " may not replicate: " + server.replicationGrant());
        }
        if (server.slotsUsed() >= server.slots()) {
            problems.add("All " + server.slots() + " replication slots are in use: ALTER SYSTEM SET"
                    + " max_replication_slots = " + (server.slots() + 5) + "; and restart the server.");
        }
        return problems;
    }

    private static List<String> ofPublication(Readable row) {
        List<String> problems = new ArrayList<>();
        if (!Sql.flag(row, "everything")) {
            problems.add("Publication perigee leaves out operations:"
                    + " ALTER PUBLICATION perigee SET (publish = 'insert, update, delete, truncate');");
        }
        if (Sql.flag(row, "pubviaroot")) {
            problems.add("Publication perigee would lose TRUNCATE of a partition:"
                    + " ALTER PUBLICATION perigee SET (publish_via_partition_root = false);");
        }
        return problems;
    }

    private static List<String> withoutPublication(Server server) {
        return server.creates()
                ? List.of()
                : List.of("Role " + server.role() + " may not create the publication: GRANT CREATE ON DATABASE "
                        + server.database() + " TO " + server.role() + ";");
    }

    private static List<String> ofSchema(Readable row, Server server) {
        String role = server.role();
        if (!Sql.flag(row, "exists")) {
            return server.creates()
                    ? List.of()
                    : List.of("Role " + role + " may not create the schema perigee: GRANT CREATE ON DATABASE "
                            + server.database() + " TO " + role + ";");
        }
        if (!Sql.flag(row, "complete")) {
            return Sql.flag(row, "creates")
                    ? List.of()
                    : List.of("Role " + role + " may not create tables in the schema perigee:"
                            + " GRANT USAGE, CREATE ON SCHEMA perigee TO " + role + ";");
        }
        return Sql.flag(row, "writes")
                ? List.of()
                : List.of("Role " + role + " may not write the tables of the schema perigee: GRANT USAGE ON SCHEMA"
                        + " perigee TO " + role + "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA"
                        + " perigee TO " + role + ";");
    }

    private static boolean sameRemedy(String known, String line) {
        return known.endsWith(line.substring(line.indexOf(": ")));
    }

    /** A slot is not tried: creating one waits for every transaction in progress. */
    private Mono<Void> canReplicate() {
        return Mono.usingWhen(
                        connections.openReplication("perigee preflight"),
                        connection -> Mono.<Void>empty(),
                        c -> c.close())
                .onErrorMap(error -> new StartupFailure(
                        "A replication connection is refused (" + error.getMessage()
                                + "): check pg_hba.conf, and ALTER SYSTEM SET max_wal_senders = 20;",
                        error));
    }

    private static StartupFailure unreachable(Throwable error) {
        return new StartupFailure(
                "The database cannot be reached (" + error.getMessage()
                        + "): check spring.r2dbc.url, spring.r2dbc.username and spring.r2dbc.password.",
                error);
    }
}

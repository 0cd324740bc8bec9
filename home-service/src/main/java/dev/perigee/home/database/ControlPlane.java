package dev.perigee.home.database;

import reactor.core.publisher.Mono;

/**
 * The tables homes share, in the schema {@code perigee}: which edges may cache, who holds which edge, which homes there
 * are, what they tell each other for consoles.
 */
final class ControlPlane {

    /** So that homes that start together do not install it twice. Any constant. */
    private static final long LOCK = 0x70657269676566L;

    private static final String TABLES = """
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'perigee' AND c.relname IN ('edge_eligibility', 'edge_session', 'home', 'report')""";

    private static final String PRESENT =
            "SELECT count(*) = 4 AND bool_or(obj_description(c.oid, 'pg_class') = $1) " + TABLES;

    /** What the role lacks, in one row. */
    static final String PRIVILEGES = """
            SELECT s.oid IS NOT NULL AS exists,
                   has_schema_privilege(s.oid, 'USAGE') AND has_schema_privilege(s.oid, 'CREATE') AS creates,
                   t.complete,
                   has_schema_privilege(s.oid, 'USAGE') AND t.writes AS writes
              FROM (SELECT to_regnamespace('perigee')::oid) AS s(oid),
                   (SELECT count(*) = 4 AS complete,
                           bool_and(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                                    AND has_table_privilege(c.oid, 'UPDATE')
                                    AND has_table_privilege(c.oid, 'DELETE')) AS writes
                    """ + TABLES + ") AS t";

    private final ServerConnections connections;
    private final SqlScript script = SqlScript.read("control-plane.sql");

    ControlPlane(ServerConnections connections) {
        this.connections = connections;
    }

    /** Creates what is not there yet, or is another release's. Otherwise nothing is touched: DDL would flush edges. */
    Mono<Void> install() {
        return connections
                .with(connection -> script.install(connection, LOCK, PRESENT, script()))
                .onErrorMap(error -> new StartupFailure(
                        "The tables of the schema perigee cannot be installed (" + error.getMessage()
                                + "): let the role that owns them start home once.",
                        error));
    }

    private String script() {
        return script.text() + "COMMENT ON TABLE perigee.edge_eligibility IS '" + script.fingerprint() + "';\n";
    }
}

package dev.perigee.e2e;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * A home and two edges that speak PostgreSQL's protocol and can be cut off from home; the second refuses what is stale. Started once for all tests that ask for them; each finds both in step.
 */
final class PgWire implements BeforeAllCallback, BeforeEachCallback {

    /** What a result may be behind, and some time for a machine that is busy with something else. */
    static final Duration SOON = Duration.ofSeconds(30);

    /** How far behind the second edge may be. */
    static final Duration BOUND = Duration.ofSeconds(2);

    private static Postgres postgres;
    private static Fleet fleet;
    private static final Map<String, CuttableProxy> PROXIES = new HashMap<>();

    private static final class Running implements AutoCloseable {

        Running() {
            try {
                start();
            } catch (IOException | SQLException failure) {
                throw new IllegalStateException(failure);
            }
        }

        @Override
        public void close() throws IOException {
            try {
                fleet.close();
                for (CuttableProxy proxy : PROXIES.values()) {
                    proxy.close();
                }
            } finally {
                postgres.close();
            }
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getRoot()
                .getStore(Namespace.GLOBAL)
                .computeIfAbsent(Running.class, any -> new Running(), Running.class);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        fleet.awaitInStep("edge-1", "edge-2");
    }

    private static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql("CREATE ROLE alice LOGIN", "CREATE ROLE bob LOGIN", "CREATE ROLE nobody NOLOGIN");
        fleet = new Fleet(postgres);
        fleet.launchHome(Fleet.HOME, "--perigee.home.feed.heartbeat=200ms");
        for (String edge : new String[] {"edge-1", "edge-2"}) {
            PROXIES.put(edge, new CuttableProxy(fleet.port(Fleet.HOME)));
        }
        String database = "--perigee.edge.pgwire.upstream=127.0.0.1:" + postgres.port();
        String trust = "--perigee.edge.pgwire.allow-trust=true";
        fleet.launchEdge(
                "edge-1",
                List.of(proxy("edge-1").url()),
                database,
                trust,
                "--perigee.edge.pgwire.port=" + port("edge-1"));
        fleet.launchEdge(
                "edge-2",
                List.of(proxy("edge-2").url()),
                database,
                trust,
                "--perigee.edge.pgwire.port=" + port("edge-2"),
                "--perigee.edge.max-staleness=" + BOUND.toSeconds() + "s",
                "--perigee.edge.when-stale=refuse");
        fleet.awaitInStep("edge-1", "edge-2");
    }

    static Postgres postgres() {
        return postgres;
    }

    static Fleet fleet() {
        return fleet;
    }

    /** Between home and an edge. */
    static CuttableProxy proxy(String edge) {
        return PROXIES.get(edge);
    }

    /** Where an edge speaks PostgreSQL's protocol. */
    static int port(String edge) {
        return fleet.port(edge + ", pgwire");
    }

    static PgFrontend session(String user, String... parameters) {
        return PgFrontend.session(port("edge-1"), user, "postgres", parameters);
    }

    static double hits() {
        return Fleet.metric(fleet.edge("edge-1"), "perigee_edge_hits_total", "protocol=\"pgwire\"");
    }

    /** Reads by both protocols until both answers come from memory. */
    static void warm(PgFrontend session, String sql, String... parameters) {
        await("hits of " + sql)
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> {
                    session.extended(sql, parameters);
                    boolean both = session.last().equals("hit");
                    if (parameters.length == 0) {
                        session.simple(sql);
                        both &= session.last().equals("hit");
                    }
                    return both;
                });
    }
}

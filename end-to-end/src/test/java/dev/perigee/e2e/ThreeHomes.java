package dev.perigee.e2e;

import java.io.IOException;
import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import tools.jackson.databind.JsonNode;

/**
 * Three homes with nothing in common but the database, and six edges, two of which prefer each. Started once for all tests
 * that ask for them; each finds all edges in step.
 */
final class ThreeHomes implements BeforeAllCallback, BeforeEachCallback {

    /** Home's default. */
    static final Duration HEARTBEAT = Duration.ofSeconds(1);

    /** What is pushed comes within a heartbeat, but for a machine that is busy with something else. */
    static final Duration SOON = Duration.ofSeconds(30);

    static final Duration LIVENESS = Duration.ofSeconds(5);

    /** What homes share by way of tables shows once somebody has written there again. */
    static final Duration LISTED = Duration.ofSeconds(40);

    static final List<String> HOMES = List.of("home-1", "home-2", "home-3");
    static final String[] EDGES = {"edge-1", "edge-2", "edge-3", "edge-4", "edge-5", "edge-6"};
    static final String READ_A = "SELECT n FROM a WHERE id = 1";
    static final String READ_B = "SELECT n FROM b WHERE id = 1";

    private static Postgres postgres;
    private static Fleet fleet;

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
        fleet.awaitInStep(EDGES);
    }

    private static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql(
                "CREATE TABLE a (id int PRIMARY KEY, n int)",
                "INSERT INTO a VALUES (1, 1)",
                "CREATE TABLE b (id int PRIMARY KEY, n int)",
                "INSERT INTO b VALUES (1, 1)");
        fleet = new Fleet(postgres);
        for (String id : HOMES) {
            fleet.launchHome(id, "--perigee.home.edges.liveness=" + LIVENESS.toSeconds() + "s");
        }
        fleet.awaitListening(HOMES.toArray(String[]::new));
        for (int n = 0; n < EDGES.length; n++) {
            fleet.launchEdge(EDGES[n], homesFrom(n / 2));
        }
        fleet.awaitInStep(EDGES);
    }

    private static List<URI> homesFrom(int preferred) {
        return IntStream.range(0, HOMES.size())
                .mapToObj(i -> fleet.home(HOMES.get((i + preferred) % HOMES.size())))
                .toList();
    }

    static Postgres postgres() {
        return postgres;
    }

    static Fleet fleet() {
        return fleet;
    }

    static URI at(String home, String path) {
        return fleet.home(home).resolve(path);
    }

    static JsonNode cache(String edge) {
        return Http.get(fleet.edge(edge).resolve("/api/cache"), Fleet.ADMIN).json();
    }

    /** The home that has the edge's stream, as the edge knows it. */
    static String holder(String edge) {
        return cache(edge).get("link").get("home_id").asString();
    }

    static String someOtherHome(String edge) {
        String holder = holder(edge);
        return HOMES.stream().filter(home -> !home.equals(holder)).findFirst().orElseThrow();
    }

    /** Edge ids and who holds them, by this home. */
    static Map<String, String> listing(String home) {
        Map<String, String> held = new TreeMap<>();
        for (JsonNode edge : Http.get(at(home, "/api/edge"), Fleet.ADMIN).list()) {
            held.put(edge.get("edge_id").asString(), edge.get("home_id").asString());
        }
        return held;
    }
}

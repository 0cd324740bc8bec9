package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.database.TestServer;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.EdgeReport;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.Goodbye;
import dev.perigee.web.WireJson;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.reactive.function.client.WebClientResponseException;
import tools.jackson.databind.JsonNode;

/** Homes that share nothing but a database. */
@Tag("long")
class FleetHttpTest {

    private static final Duration LIVENESS = Duration.ofSeconds(4);

    private static TestServer server;
    private static Home a;
    private static Home b;

    private final List<LiveEdge> edges = new ArrayList<>();

    /** A home, with a port of its own. */
    private record Home(ReactiveWebServerApplicationContext context) implements AutoCloseable {

        static Home start(String id, String... properties) {
            ConnectionFactoryOptions options = server.options("postgres");
            List<String> all = new ArrayList<>(List.of(
                    "--server.port=0",
                    "--spring.r2dbc.url=r2dbc:postgresql://localhost:"
                            + options.getRequiredValue(ConnectionFactoryOptions.PORT) + "/postgres",
                    "--spring.r2dbc.username=postgres",
                    "--perigee.home.id=" + id,
                    "--perigee.home.feed.heartbeat=100ms",
                    "--perigee.home.edges.liveness=" + LIVENESS.toMillis() + "ms",
                    "--perigee.home.fleet.renewal=200ms",
                    "--perigee.home.fleet.timeout=1s",
                    "--perigee.security.tokens[0].name=edge",
                    "--perigee.security.tokens[0].value=edge-token",
                    "--perigee.security.tokens[0].roles=EDGE",
                    "--perigee.security.tokens[1].name=admin",
                    "--perigee.security.tokens[1].value=admin-token",
                    "--perigee.security.tokens[1].roles=ADMIN"));
            all.addAll(List.of(properties));
            Home home = new Home((ReactiveWebServerApplicationContext)
                    new SpringApplicationBuilder(WholeHome.class).run(all.toArray(new String[0])));
            await().until(() -> home.context.getBean(InvalidationLog.class).current() != null);
            return home;
        }

        int port() {
            return context.getWebServer().getPort();
        }

        EntityExchangeResult<byte[]> call(HttpMethod method, String path, String body) {
            WebTestClient.RequestBodySpec request = WebTestClient.bindToServer()
                    .baseUrl("http://localhost:" + port())
                    .responseTimeout(Duration.ofSeconds(20))
                    .build()
                    .method(method)
                    .uri(path)
                    .header(HttpHeaders.AUTHORIZATION, "Bearer admin-token");
            if (body != null) {
                request.header(HttpHeaders.CONTENT_TYPE, "application/json").bodyValue(body);
            }
            return request.exchange().expectBody().returnResult();
        }

        int status(HttpMethod method, String path, String body) {
            return call(method, path, body).getStatus().value();
        }

        JsonNode get(String path) {
            EntityExchangeResult<byte[]> answer = call(HttpMethod.GET, path, null);
            assertThat(answer.getStatus().value()).as(path).isEqualTo(200);
            return WireJson.mapper().readTree(answer.getResponseBodyContent());
        }

        /** Which home holds each edge, as this one sees it. */
        List<String> edges() {
            List<String> edges = new ArrayList<>();
            get("/api/edge")
                    .forEach(edge -> edges.add(edge.get("edge_id").asString() + "@"
                            + edge.get("home_id").asString()));
            return edges;
        }

        List<String> homes() {
            List<String> homes = new ArrayList<>();
            get("/api/home").forEach(home -> homes.add(home.get("home_id").asString()));
            return homes;
        }

        @Override
        public void close() {
            context.close();
        }
    }

    @BeforeAll
    static void start() {
        server = TestServer.start();
        server.run("CREATE TABLE users (id int PRIMARY KEY)", "CREATE TABLE orders (id int PRIMARY KEY)");
        a = Home.start("home-a");
        b = Home.start("home-b");
    }

    @AfterAll
    static void stop() {
        b.close();
        a.close();
        server.close();
    }

    @AfterEach
    void leave() {
        edges.forEach(LiveEdge::close);
        await().until(() -> a.edges().isEmpty() && b.edges().isEmpty());
    }

    private LiveEdge edge(Home home, String id, String... tables) {
        return edge(home, id, null, tables);
    }

    private LiveEdge edge(Home home, String id, String lastEventId, String[] tables) {
        LiveEdge edge = LiveEdge.open(home.port(), id, lastEventId, tables);
        edges.add(edge);
        await().until(() -> edge.ended || edge.events.contains("bookmark") || edge.events.contains("goodbye"));
        return edge;
    }

    private static void code(EntityExchangeResult<byte[]> answer, int status, String code) {
        assertThat(answer.getStatus().value()).isEqualTo(status);
        assertThat(WireJson.mapper()
                        .readTree(answer.getResponseBodyContent())
                        .get("code")
                        .asString())
                .isEqualTo(code);
    }

    @Test
    void anyHomeListsAllEdgesAndHomes() {
        edge(a, "edge-1");
        edge(b, "edge-2", "public.users");
        await().untilAsserted(() -> {
            assertThat(a.edges()).containsExactly("edge-1@home-a", "edge-2@home-b");
            assertThat(b.edges()).containsExactly("edge-1@home-a", "edge-2@home-b");
        });
        await().until(() -> a.get("/api/edge/edge-2/stats").get("hits").asLong() == 1);
        JsonNode two = a.get("/api/edge/edge-2");
        assertThat(two.get("tables").get(0).asString()).isEqualTo("public.users");
        assertThat(two.get("counters").get("frames_sent").asLong()).isPositive();
        assertThat(two.get("eligible").asBoolean()).isTrue();
        code(a.call(HttpMethod.GET, "/api/edge/nobody/stats", null), 404, "edge-unknown");
        assertThat(a.homes()).containsExactly("home-a", "home-b");
        await().until(() -> a.get("/api/home").get(1).get("edges").asInt() == 1);
        JsonNode other = a.get("/api/home").get(1);
        assertThat(other.get("feed_connected").asBoolean()).isTrue();
        assertThat(other.get("version").asLong()).isPositive();
        assertThat(other.get("feed_age_ms").asLong()).isNotNegative();
    }

    @Test
    void anEdgeThatRegistersElsewhereIsHeldThereAlone() {
        LiveEdge before = edge(a, "edge-t");
        LiveEdge after = edge(b, "edge-t", before.lastId, new String[0]);
        await().until(() -> before.goodbye != null);
        assertThat(before.goodbye.reason()).isEqualTo(Goodbye.Reason.SUPERSEDED);
        assertThat(after.hello.generation()).isGreaterThan(before.hello.generation());
        assertThat(after.hello.resumedFrom()).isNotNull();
        assertThat(after.events).doesNotContain("reset");
        assertThat(a.edges()).containsExactly("edge-t@home-b");
        assertThat(b.edges()).containsExactly("edge-t@home-b");
        LiveEdge back = edge(a, "edge-t", after.lastId, new String[0]);
        await().until(() -> after.goodbye != null);
        assertThat(back.events).doesNotContain("reset");
        assertThat(a.get("/api/edge/edge-t").get("counters").get("takeovers").asLong())
                .isEqualTo(1);
    }

    /** The message did not come, or came before the session began: the row says so all the same. */
    @Test
    void aHomeThatWronglyBelievesToHoldAnEdgeLearnsItFromTheRow() {
        LiveEdge edge = edge(a, "edge-1");
        server.run("UPDATE perigee.edge_session SET generation = generation + 1, home_id = 'home-x' WHERE edge_id ="
                + " 'edge-1'");
        await().until(() -> edge.goodbye != null);
        assertThat(edge.goodbye.reason()).isEqualTo(Goodbye.Reason.SUPERSEDED);
        assertThat(server.ask("SELECT home_id FROM perigee.edge_session WHERE edge_id = 'edge-1'"))
                .containsExactly("home-x");
        server.run("DELETE FROM perigee.edge_session");
    }

    @Test
    void anyHomeEvictsAnyEdge() {
        LiveEdge edge = edge(b, "edge-1");
        assertThat(a.status(HttpMethod.DELETE, "/api/edge/edge-1", null)).isEqualTo(204);
        await().until(() -> edge.goodbye != null);
        assertThat(edge.goodbye.reason()).isEqualTo(Goodbye.Reason.EVICTED);
        await().until(() -> a.edges().isEmpty() && b.edges().isEmpty());
        code(a.call(HttpMethod.DELETE, "/api/edge/edge-1", null), 404, "edge-unknown");
        LiveEdge own = edge(a, "edge-1");
        assertThat(a.status(HttpMethod.DELETE, "/api/edge/edge-1", null)).isEqualTo(204);
        await().until(() -> own.goodbye != null);
    }

    @Test
    void whatAnOperatorSaysAtAnyHomeReachesTheEdgeAtAnother() {
        String path = "/api/edge/edge-e/cache";
        code(a.call(HttpMethod.GET, path, null), 404, "eligibility-unknown");
        code(a.call(HttpMethod.DELETE, path, null), 404, "eligibility-unknown");
        assertThat(a.status(HttpMethod.PUT, path, "{\"capacity\":{\"ram_mib\":64,\"geo\":\"eu\"}}"))
                .isEqualTo(201);
        assertThat(b.status(HttpMethod.PUT, path, "{\"capacity\":{\"ram_mib\":65,\"cpu_cores\":2}}"))
                .isEqualTo(200);
        LiveEdge edge = edge(b, "edge-e");
        assertThat(edge.events.subList(0, 2)).containsExactly("hello", "eligibility");
        assertThat(edge.eligibility.enabled()).isTrue();
        assertThat(edge.eligibility.capacity().ramMib()).isEqualTo(65);
        assertThat(edge.eligibility.capacity().geo()).isNull();

        assertThat(a.status(HttpMethod.DELETE, path, null)).isEqualTo(204);
        assertThat(a.status(HttpMethod.DELETE, path, null)).isEqualTo(204);
        await().until(() -> !edge.eligibility.enabled());
        assertThat(b.get(path).get("enabled").asBoolean()).isFalse();
        assertThat(b.get("/api/edge/edge-e").get("eligible").asBoolean()).isFalse();
        // Registering enables nobody of whom something was said.
        assertThat(edge(a, "edge-e").eligibility.enabled()).isFalse();

        // By hand it works as well.
        LiveEdge here = edge(b, "edge-e");
        server.run("UPDATE perigee.edge_eligibility SET enabled = true, ram_mib = 7 WHERE edge_id = 'edge-e'");
        await().until(() ->
                here.eligibility.enabled() && here.eligibility.capacity().ramMib() == 7);
        server.run("DELETE FROM perigee.edge_eligibility WHERE edge_id = 'edge-e'");
        await().until(() -> here.eligibility.capacity().ramMib() == null);
        assertThat(a.status(HttpMethod.PUT, path, "{}")).isEqualTo(201);
        server.run("DELETE FROM perigee.edge_eligibility WHERE edge_id = 'edge-e'");
    }

    @Test
    void whatIsNotSensibleIsRefused() {
        String path = "/api/edge/edge-v/cache";
        for (String capacity : List.of(
                "{\"ram_mib\":0}",
                "{\"ram_mib\":2000000}",
                "{\"cpu_cores\":0}",
                "{\"disk_mib\":-1}",
                "{\"geo\":\"\"}",
                "{\"geo\":\"a\\u0007\"}",
                "{\"gpu\":1}")) {
            code(a.call(HttpMethod.PUT, path, "{\"capacity\":" + capacity + "}"), 400, "invalid-request");
        }
        code(a.call(HttpMethod.PUT, path, null), 400, "invalid-request");
        code(a.call(HttpMethod.PUT, "/api/edge/eligible/cache", "{}"), 400, "invalid-request");
        code(a.call(HttpMethod.PUT, "/api/edge/-x/cache", "{}"), 400, "invalid-request");
        code(a.call(HttpMethod.GET, path, null), 404, "eligibility-unknown");
    }

    @Test
    void aHomeThatJoinsLateKnowsWhatWasSaidBefore() {
        assertThat(a.status(HttpMethod.PUT, "/api/edge/edge-l/cache", "{\"capacity\":{\"ram_mib\":9}}"))
                .isEqualTo(201);
        assertThat(a.status(HttpMethod.DELETE, "/api/edge/edge-l/cache", null)).isEqualTo(204);
        LiveEdge late;
        LiveEdge unknown;
        try (Home c = Home.start("home-c", "--perigee.home.edges.auto-enable=false")) {
            late = edge(c, "edge-l");
            assertThat(late.eligibility.enabled()).isFalse();
            assertThat(late.eligibility.capacity().ramMib()).isEqualTo(9);
            unknown = edge(c, "edge-n");
            assertThat(unknown.eligibility.enabled()).isFalse();
            code(a.call(HttpMethod.GET, "/api/edge/edge-n/cache", null), 404, "eligibility-unknown");
            assertThat(a.status(HttpMethod.PUT, "/api/edge/edge-n/cache", "{}")).isEqualTo(201);
            await().until(() -> unknown.eligibility.enabled());
            await().until(() -> a.homes().contains("home-c") && a.edges().contains("edge-l@home-c"));
        }
        // It has said goodbye, to its edges and to the other homes.
        assertThat(a.homes()).containsExactly("home-a", "home-b");
        assertThat(a.edges()).isEmpty();
        await().until(() -> late.goodbye != null && late.goodbye.reason() == Goodbye.Reason.DRAIN);
    }

    @Test
    void routersAreToldWhomToAsk() {
        edge(a, "edge-1");
        edge(b, "edge-2");
        edge(b, "edge-3").stats = new EdgeStats(0, 0, 0, 0, 0, null, 5000L);
        a.call(HttpMethod.PUT, "/api/edge/edge-1/cache", "{\"capacity\":{\"geo\":\"eu\",\"cpu_cores\":4}}");
        a.call(HttpMethod.PUT, "/api/edge/edge-2/cache", "{\"capacity\":{\"geo\":\"us\"}}");
        a.call(HttpMethod.PUT, "/api/edge/edge-off/cache", "{\"capacity\":{\"geo\":\"us\"}}");
        await().untilAsserted(() -> {
            JsonNode all = b.get("/api/edge/eligible");
            assertThat(all.size()).isEqualTo(3);
            assertThat(all.get(0).get("in_step").asBoolean()).isTrue();
            assertThat(all.get(1).get("in_step").asBoolean()).isTrue();
            assertThat(all.get(2).get("edge_id").asString()).isEqualTo("edge-3");
            assertThat(all.get(2).get("in_step").asBoolean()).isFalse();
        });
        JsonNode eu = b.get("/api/edge/eligible?geo=eu");
        assertThat(eu.size()).isEqualTo(1);
        assertThat(eu.get(0).get("edge_id").asString()).isEqualTo("edge-1");
        assertThat(eu.get(0).get("home_id").asString()).isEqualTo("home-a");
        assertThat(eu.get(0).get("base_url").asString()).isEqualTo("http://edge-1:8081");
        assertThat(eu.get(0).get("capacity").get("cpu_cores").asDouble()).isEqualTo(4);
        assertThat(eu.get(0).get("fill").asDouble()).isEqualTo(0.5);
        assertThat(eu.get(0).get("staleness_ms").asLong()).isGreaterThanOrEqualTo(20);
        assertThat(b.get("/api/edge/eligible?geo=e").size()).isZero();
        a.call(HttpMethod.DELETE, "/api/edge/edge-1/cache", null);
        await().until(() -> b.get("/api/edge/eligible?geo=eu").isEmpty());
    }

    @Test
    void anInvalidationAwaitsTheEdgesOfEveryHome() {
        edge(a, "edge-1");
        edge(b, "edge-2");
        LiveEdge mute = edge(b, "edge-3");
        await().until(() -> a.edges().size() == 3);
        JsonNode all = invalidate("5s");
        assertThat(all.get("sent").asInt()).isEqualTo(1);
        assertThat(confirmations(all)).containsExactly("edge-1 true", "edge-2 true", "edge-3 true");
        mute.mute = true;
        assertThat(confirmations(invalidate("3s"))).containsExactly("edge-1 true", "edge-2 true", "edge-3 false");
    }

    private static JsonNode invalidate(String timeout) {
        EntityExchangeResult<byte[]> answer = a.call(
                HttpMethod.POST, "/api/edge/invalidate?await=acked&timeout=" + timeout, "{\"tables\":[\"users\"]}");
        assertThat(answer.getStatus().value()).isEqualTo(200);
        return WireJson.mapper().readTree(answer.getResponseBodyContent());
    }

    private static List<String> confirmations(JsonNode result) {
        List<String> edges = new ArrayList<>();
        result.get("edges")
                .forEach(edge -> edges.add(edge.get("edge_id").asString() + " "
                        + edge.get("confirmed").asBoolean()));
        return edges;
    }

    @Test
    void anEdgeHearsWhatItIsInterestedInAtWhicheverHome() {
        LiveEdge edge = edge(a, "edge-1", "public.users");
        server.run("INSERT INTO orders VALUES (1)", "INSERT INTO users VALUES (1)", "INSERT INTO orders VALUES (2)");
        await().until(() -> edge.events.contains("invalidate"));
        await().until(() ->
                b.get("/api/edge/edge-1").get("counters").get("filtered").asLong() == 2);
        assertThat(edge.events).containsOnlyOnce("invalidate");
    }

    @Test
    void aConsoleShowsTheFleetAtWhicheverHomeItIs() throws Exception {
        LiveEdge edge = edge(a, "edge-1");
        assertThat(server.ask("SELECT part FROM perigee.report")).isEmpty();
        EdgeReport.Statement statement = new EdgeReport.Statement("SELECT 1", List.of("public.users"), 7, 1);
        EdgeReport report = new EdgeReport(
                edge.hello.generation(), List.of(), List.of(statement), Map.of("absent", 3L), Map.of(), false);
        try (StreamClient console = StreamClient.console(b.port(), "admin-token")) {
            // Nothing is passed on before the homes know of the console.
            await().atMost(Duration.ofSeconds(15)).until(() -> {
                edge.report(report);
                return !b.get("/api/edge/edge-1/report").get("report").isNull();
            });
            JsonNode told = b.get("/api/edge/edge-1/report");
            assertThat(told.get("report").get("misses").get("absent").asLong()).isEqualTo(3);
            assertThat(told.get("received_ago_ms").asLong()).isBetween(0L, 10_000L);
            await().untilAsserted(() -> {
                JsonNode statements = b.get("/api/console/hits").get("statements");
                assertThat(statements.size()).isEqualTo(1);
                JsonNode hits = statements.get(0);
                assertThat(hits.get("sql").asString()).isEqualTo("SELECT 1");
                assertThat(hits.get("hits").asLong()).isEqualTo(7);
            });
            await("how long commits take to reach edges of the other home").until(() -> {
                server.run("INSERT INTO users VALUES (77)", "DELETE FROM users WHERE id = 77");
                JsonNode state =
                        WireJson.mapper().readTree(console.await("state").data());
                return state.get("latency").get("count").asLong() > 0;
            });
        }
        await("nobody looks any more").atMost(Duration.ofSeconds(15)).until(() -> {
            edge.report(report);
            return server.ask("SELECT 1 FROM perigee.report WHERE part <> 'watching' AND seen_at > clock_timestamp()"
                            + " - interval '3 s'")
                    .isEmpty();
        });
    }

    @Test
    void aDeadHomesEdgesVanishWithinTheWindowAndRegisterElsewhereAtOnce() {
        edge(a, "edge-1");
        await().until(() -> server.ask("SELECT 1 FROM perigee.edge_session").size() == 1);
        server.run(
                "INSERT INTO perigee.home SELECT 'home-z', node || '{\"home_id\":\"home-z\"}', clock_timestamp()"
                        + " FROM perigee.home WHERE home_id = 'home-a'",
                "INSERT INTO perigee.edge_session SELECT 'edge-z', generation, 'home-z', node ||"
                        + " '{\"edge_id\":\"edge-z\"}', 0, NULL, -1, clock_timestamp() FROM perigee.edge_session",
                "INSERT INTO perigee.edge_session SELECT 'edge-y', generation + 1000000000, 'home-z', node ||"
                        + " '{\"edge_id\":\"edge-y\"}', 0, NULL, -1, clock_timestamp() FROM perigee.edge_session"
                        + " WHERE edge_id = 'edge-z'");
        assertThat(b.edges()).containsExactly("edge-1@home-a", "edge-y@home-z", "edge-z@home-z");
        assertThat(b.homes()).containsExactly("home-a", "home-b", "home-z");
        assertThat(edge(b, "edge-y").hello).isNotNull();
        assertThat(b.edges()).contains("edge-y@home-b");
        await().atMost(LIVENESS.plusSeconds(2))
                .until(() -> b.edges().equals(List.of("edge-1@home-a", "edge-y@home-b"))
                        && b.homes().size() == 2);
        // And long after that the rows are removed.
        server.run(
                "UPDATE perigee.edge_session SET seen_at = seen_at - interval '1 hour' WHERE home_id = 'home-z'",
                "UPDATE perigee.home SET seen_at = seen_at - interval '1 hour' WHERE home_id = 'home-z'");
        await().until(() -> server.ask("SELECT edge_id FROM perigee.edge_session WHERE home_id = 'home-z'"
                        + " UNION ALL SELECT home_id FROM perigee.home WHERE home_id = 'home-z'")
                .isEmpty());
    }

    /** An operator's word is to survive a failover; who holds an edge is told anew. */
    @Test
    void aMissingStandbyHoldsUpOperatorsAndNoEdge() {
        server.run("ALTER SYSTEM SET synchronous_standby_names = 'missing'", "SELECT pg_reload_conf()");
        try {
            // The server takes up its new configuration when it gets to it.
            await().until(() -> a.status(HttpMethod.PUT, "/api/edge/edge-s/cache", "{}") == 503);
            LiveEdge edge = edge(a, "edge-1");
            assertThat(edge.hello).isNotNull();
            await().until(() -> b.edges().equals(List.of("edge-1@home-a")));
            assertThat(b.status(HttpMethod.DELETE, "/api/edge/edge-1", null)).isEqualTo(204);
            await().until(() -> edge.goodbye != null);
        } finally {
            server.run("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()");
        }
        await().until(() -> a.status(HttpMethod.PUT, "/api/edge/edge-s/cache", "{}") == 200);
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsSaidSoInTime() throws Exception {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("LOCK TABLE perigee.edge_session, perigee.edge_eligibility");
            LiveEdge edge = edge(a, "edge-1");
            WebClientResponseException refusal = (WebClientResponseException) edge.refusal;
            assertThat(refusal.getStatusCode().value()).isEqualTo(503);
            assertThat(refusal.getResponseBodyAsString()).contains("\"database-unavailable\"");
            assertThat(refusal.getHeaders().getFirst(HttpHeaders.RETRY_AFTER)).isEqualTo("1");
            code(a.call(HttpMethod.PUT, "/api/edge/edge-1/cache", "{}"), 503, "database-unavailable");
            code(a.call(HttpMethod.GET, "/api/edge", null), 503, "database-unavailable");
            connection.rollback();
        }
        await().until(() -> a.status(HttpMethod.GET, "/api/edge", null) == 200);
        assertThat(edge(a, "edge-1").hello).isNotNull();
    }
}

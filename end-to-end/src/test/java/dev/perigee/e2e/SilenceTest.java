package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Nobody says that anything is wrong: frozen processes, lost routes, requests that hang. */
@Tag("long")
class SilenceTest {

    private static final String READ = "SELECT n FROM quiet WHERE id = 1";
    private static final Duration BOUND = Duration.ofSeconds(2);

    private static Postgres postgres;
    private static Fleet fleet;
    private static CuttableProxy proxy;

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql("CREATE TABLE quiet (id int PRIMARY KEY, n int)", "INSERT INTO quiet VALUES (1, 1)");
        fleet = new Fleet(postgres);
        fleet.launchHome(Fleet.HOME, "--perigee.home.edges.liveness=3s", "--perigee.home.feed.heartbeat=500ms");
        String bound = "--perigee.edge.max-staleness=" + BOUND.toSeconds() + "s";
        fleet.launchEdge("edge-1", bound);
        fleet.launchEdge("edge-2", bound, "--perigee.edge.home.timeout=1s");
        fleet.launchEdge("edge-3", bound, "--perigee.edge.when-stale=refuse");
        proxy = new CuttableProxy(fleet.port(Fleet.HOME));
        fleet.launchEdge("edge-4", List.of(proxy.url()), bound);
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
            proxy.close();
        } finally {
            postgres.close();
        }
    }

    /** What reached it while it slept, and what it asks when it wakes: neither may bring back what it knew before. */
    @Test
    void anEdgeThatWasFrozenNeverServesPastItsBound() throws Exception {
        fleet.awaitInStep("edge-1");
        fleet.warm("edge-1", READ);
        signal("STOP", "edge-1");
        List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
        try {
            postgres.sql("UPDATE quiet SET n = 10 WHERE id = 1");
            // The requests lie in the edge's socket until it wakes, like the news.
            long written = System.nanoTime();
            await().pollInterval(Duration.ofMillis(250))
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> {
                        waiting.add(Http.CLIENT.sendAsync(
                                Http.queryRequest(fleet.edge("edge-1"), READ).build(), BodyHandlers.ofString()));
                        return System.nanoTime() - written
                                > BOUND.plusSeconds(1).toNanos();
                    });
        } finally {
            signal("CONT", "edge-1");
        }
        for (CompletableFuture<HttpResponse<String>> answer : waiting) {
            Answer late = Answer.of(answer.get(30, TimeUnit.SECONDS));
            assertThat(late.column()).as(late.cacheStatus()).containsExactly("10");
        }
        fleet.awaitInStep("edge-1");
        assertThat(fleet.warm("edge-1", READ).column()).containsExactly("10");
    }

    @Test
    void anEdgeWhoseHomeIsFrozenServesUpToItsBoundAndThenSaysWhyNot() throws Exception {
        fleet.awaitInStep("edge-2", "edge-3");
        fleet.warm("edge-2", READ);
        fleet.warm("edge-3", READ);
        signal("STOP", Fleet.HOME);
        long frozen = System.nanoTime();
        try {
            assertThat(fleet.query("edge-2", READ).isHit()).isTrue();
            Answer last = await().atMost(Duration.ofSeconds(30))
                    .until(() -> fleet.query("edge-2", READ), answer -> !answer.isHit());
            assertThat(Duration.ofNanos(System.nanoTime() - frozen)).isLessThan(BOUND.plusSeconds(10));
            assertThat(last.status()).isEqualTo(504);
            assertThat(last.code()).isEqualTo("home-timeout");
            assertThat(fleet.query("edge-2", "UPDATE quiet SET n = 2 WHERE id = 1")
                            .code())
                    .isEqualTo("outcome-unknown");
            assertThat(fleet.query("edge-3", READ).code()).isEqualTo("too-stale");
            assertThat(health("edge-2")).contains("200", "DEGRADED");
            assertThat(health("edge-3")).contains("503", "OUT_OF_SERVICE");
        } finally {
            signal("CONT", Fleet.HOME);
        }
        fleet.awaitInStep("edge-2", "edge-3");
        assertThat(fleet.warm("edge-3", READ).body())
                .isEqualTo(Http.query(fleet.home(), READ).body());
    }

    @Test
    void aLinkThatIsOnlyHalfOpenIsGivenUpAndResumed() throws Exception {
        fleet.awaitInStep("edge-4");
        fleet.warm("edge-4", READ);
        proxy.blackHole();
        postgres.sql("UPDATE quiet SET n = 30 WHERE id = 1");
        await("too stale to be served")
                .atMost(BOUND.plusSeconds(10))
                .until(() -> Http.onlyIfCached(fleet.edge("edge-4"), READ).status() == 504);
        await("the edge has noticed")
                .atMost(Duration.ofSeconds(30))
                .until(() -> !link("edge-4").get("status").asString().equals("streaming"));
        await("home has noticed")
                .atMost(Duration.ofSeconds(30))
                .until(() -> Http.get(fleet.home().resolve("/api/edge/edge-4"), Fleet.ADMIN)
                                .status()
                        == 404);
        proxy.mend();
        fleet.awaitInStep("edge-4");
        assertThat(fleet.query("edge-4", READ).column()).containsExactly("30");
    }

    @Test
    void anEdgeExitsInTimeThoughARequestHangsAtHome() throws Exception {
        fleet.awaitInStep("edge-1");
        CompletableFuture<HttpResponse<String>> hanging = Http.CLIENT.sendAsync(
                Http.queryRequest(fleet.edge("edge-1"), "SELECT pg_sleep(20)").build(), BodyHandlers.ofString());
        await().until(() -> postgres.query(
                        "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(20)' AND state = 'active'")
                .equals("1"));
        CompletableFuture<HttpResponse<String>> ending = Http.CLIENT.sendAsync(
                Http.queryRequest(fleet.edge("edge-1"), "SELECT pg_sleep(0.7)").build(), BodyHandlers.ofString());
        await().until(() -> postgres.query("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(0.7)'")
                .equals("1"));
        ServiceProcess edge = fleet.process("edge-1");
        ProcessHandle.of(edge.pid()).orElseThrow().destroy();
        assertThat(edge.awaitExit(Duration.ofSeconds(2))).isEqualTo(143);
        assertThat(ending.get(1, TimeUnit.SECONDS).statusCode())
                .as("what could end in time did")
                .isEqualTo(200);
        hanging.cancel(true);
        fleet.launchAgain("edge-1");
    }

    private String health(String edge) {
        Answer answer = Http.get(fleet.edge(edge).resolve("/actuator/health"), null);
        return answer.status() + " " + answer.body();
    }

    private JsonNode link(String edge) {
        return Http.get(fleet.edge(edge).resolve("/api/cache"), Fleet.ADMIN)
                .json()
                .get("link");
    }

    private void signal(String name, String service) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder(
                        "kill",
                        "-" + name,
                        String.valueOf(fleet.process(service).pid()))
                .inheritIO()
                .start();
        assertThat(kill.waitFor()).isZero();
    }
}

package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What an operator does: list, invalidate, evict; and what the registry holds to. */
@Tag("long")
class ControlPlaneTest {

    private static Postgres postgres;
    private static Fleet fleet;

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql("CREATE TABLE t (id int PRIMARY KEY)", "CREATE TABLE u (id int PRIMARY KEY)");
        fleet = new Fleet(postgres);
        fleet.launchHome(Fleet.HOME, "--perigee.max-edges=3", "--perigee.home.edges.liveness=3s");
        fleet.launchEdge("edge-1");
        fleet.launchEdge("edge-2");
        fleet.awaitInStep("edge-1", "edge-2");
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }

    private static URI home(String path) {
        return fleet.home().resolve(path);
    }

    private static RawStream register(String id, String token) throws IOException, InterruptedException {
        return RawStream.register(fleet.home(), id, token);
    }

    @Test
    void edgesAreListed() {
        Answer list = Http.get(home("/api/edge"), Fleet.ADMIN);
        assertThat(list.status()).isEqualTo(200);
        assertThat(list.body()).contains("\"edge_id\":\"edge-1\"").contains("\"edge_id\":\"edge-2\"");
        await().untilAsserted(() -> assertThat(Http.get(home("/api/edge/edge-1"), Fleet.ADMIN)
                        .json()
                        .get("acked_version")
                        .asLong())
                .isPositive());
        assertThat(Http.get(home("/api/edge/nobody"), Fleet.ADMIN).code()).isEqualTo("edge-unknown");
    }

    @Test
    void aManualInvalidationIsConfirmedByEveryEdge() {
        fleet.warm("edge-1", "SELECT * FROM t");
        fleet.warm("edge-1", "SELECT * FROM u");
        Answer answer =
                Http.post(home("/api/edge/invalidate?await=acked&timeout=5s"), Fleet.ADMIN, "{\"tables\":[\"t\"]}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().get("tables").toString()).isEqualTo("[\"public.t\"]");
        assertThat(answer.json().get("edges"))
                .hasSizeGreaterThanOrEqualTo(2)
                .allMatch(edge -> edge.get("confirmed").asBoolean());
        assertThat(Http.onlyIfCached(fleet.edge("edge-1"), "SELECT * FROM t").status())
                .isEqualTo(504);
        assertThat(fleet.query("edge-1", "SELECT * FROM u").isHit()).isTrue();

        Answer all = Http.post(home("/api/edge/invalidate?await=acked"), Fleet.ADMIN, "{\"all\":true}");
        assertThat(all.status()).isEqualTo(200);
        assertThat(Http.onlyIfCached(fleet.edge("edge-1"), "SELECT * FROM u").status())
                .isEqualTo(504);
    }

    @Test
    void aWrongInvalidationChangesNothingAndSaysWhy() {
        fleet.warm("edge-1", "SELECT * FROM u");
        Answer unknown = Http.post(home("/api/edge/invalidate"), Fleet.ADMIN, "{\"tables\":[\"u\",\"nope\"]}");
        assertThat(unknown.status()).isEqualTo(422);
        assertThat(unknown.body()).contains("nope");
        for (String bad : new String[] {"{}", "{\"tables\":[]}", "{\"tabels\":[\"u\"]}", "[]", "nonsense", ""}) {
            assertThat(Http.post(home("/api/edge/invalidate"), Fleet.ADMIN, bad).status())
                    .as(bad)
                    .isEqualTo(400);
        }
        assertThat(fleet.query("edge-1", "SELECT * FROM u").isHit()).isTrue();
    }

    @Test
    void anEvictedEdgeIsToldAndComesBackByItself() throws Exception {
        long before = Http.get(home("/api/edge/edge-2"), Fleet.ADMIN)
                .json()
                .get("generation")
                .asLong();
        assertThat(Http.delete(home("/api/edge/edge-2"), Fleet.ADMIN).status()).isEqualTo(204);
        assertThat(Http.delete(home("/api/edge/nobody"), Fleet.ADMIN).status()).isEqualTo(404);
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> Http.get(home("/api/edge/edge-2"), Fleet.ADMIN)
                                .json()
                                .get("generation")
                                .asLong()
                        > before);
        fleet.awaitInStep("edge-2");
    }

    @Test
    void aThirdPlaceIsTakenOverByItsNewestOwnerAndAFourthIsRefused() throws Exception {
        try (RawStream first = register("edge-x", Fleet.EDGE)) {
            first.next("bookmark");
            try {
                register("edge-y", Fleet.EDGE).close();
                throw new AssertionError("a fourth edge was admitted");
            } catch (IOException refused) {
                assertThat(refused).hasMessageContaining("503").hasMessageContaining("capacity-exceeded");
            }
            try (RawStream second = register("edge-x", Fleet.EDGE)) {
                second.next("bookmark");
                assertThat(first.next("goodbye").data().get("reason").asString())
                        .isEqualTo("superseded");
                // Neither acknowledges: the session is pruned, and its place free again.
                await("pruned")
                        .atMost(Duration.ofSeconds(30))
                        .until(() ->
                                Http.get(home("/api/edge/edge-x"), Fleet.ADMIN).status() == 404);
            }
        }
        assertThat(Http.get(home("/api/edge"), Fleet.ADMIN).body())
                .contains("edge-1")
                .contains("edge-2");
    }

    @Test
    void aTokenBoundToAnEdgeIdSpeaksForNoOther() {
        try {
            register("edge-x", Fleet.BOUND).close();
            throw new AssertionError("a bound token registered another id");
        } catch (IOException | InterruptedException refused) {
            assertThat(refused).hasMessageContaining("403").hasMessageContaining("edge-id-mismatch");
        }
    }

    @Test
    void aFencedGenerationIsRefused() {
        Answer answer = Http.post(
                home("/api/edge/edge-1/ack"), Fleet.EDGE, "{\"generation\":1,\"up_to_version\":1,\"stats\":null}");
        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.code()).isEqualTo("generation-fenced");
    }

    @Test
    void metricsAreScrapedWithTheirTokenAlone() {
        for (URI base : new URI[] {fleet.home(), fleet.edge("edge-1")}) {
            URI metrics = base.resolve("/actuator/prometheus");
            assertThat(Http.get(metrics, null).status()).isEqualTo(401);
            assertThat(Http.get(metrics, Fleet.CLIENT).status()).isEqualTo(403);
            assertThat(Http.get(metrics, Fleet.METRICS).body()).contains("perigee_");
        }
    }

    @Test
    void everyMetricThatTheDashboardAndTheAlertsNameIsScraped() throws IOException {
        fleet.warm("edge-1", "SELECT * FROM u");
        assertThat(fleet.query("edge-1", "SELECT now()").status()).isEqualTo(200);
        assertThat(fleet.query("edge-1", "INSERT INTO u VALUES (-1) ON CONFLICT DO NOTHING")
                        .status())
                .isEqualTo(200);
        Path deploy = Path.of("..", "deploy");
        List<PromQuery> dashboard = PromQuery.ofDashboard(deploy.resolve("grafana/dashboards/perigee.json"));
        List<PromQuery> alerts = PromQuery.ofRules(deploy.resolve("prometheus/rules.yml"));
        assertThat(dashboard).hasSizeGreaterThan(60);
        assertThat(alerts).hasSizeGreaterThan(15);
        assertThat(dashboard.stream().flatMap(query -> query.metrics().stream()).distinct())
                .hasSizeGreaterThan(40);
        // Some are there from the first on: of a garbage collection, say.
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            List<PromQuery.Series> scraped = Stream.of(fleet.home(), fleet.edge("edge-1"))
                    .map(service -> Http.get(service.resolve("/actuator/prometheus"), Fleet.METRICS))
                    .flatMap(answer -> PromQuery.Series.of(answer.body()).stream())
                    .toList();
            assertThat(Stream.concat(dashboard.stream(), alerts.stream())
                            .flatMap(query -> query.missing(scraped).stream()))
                    .isEmpty();
        });
    }

    @Test
    void theEdgesCacheCanBeSeenAndEmptied() {
        URI cache = fleet.edge("edge-2").resolve("/api/cache");
        fleet.warm("edge-2", "SELECT * FROM t");
        fleet.warm("edge-2", "SELECT * FROM u");
        assertThat(Http.get(fleet.edge("edge-2").resolve("/api/cache/entries?limit=10"), Fleet.ADMIN)
                        .body())
                .contains("SELECT * FROM u");
        assertThat(Http.delete(URI.create(cache + "?table=public.u"), Fleet.ADMIN)
                        .status())
                .isEqualTo(204);
        assertThat(Http.onlyIfCached(fleet.edge("edge-2"), "SELECT * FROM u").status())
                .isEqualTo(504);
        assertThat(fleet.query("edge-2", "SELECT * FROM t").isHit()).isTrue();
        assertThat(Http.delete(cache, Fleet.ADMIN).status()).isEqualTo(204);
        assertThat(Http.onlyIfCached(fleet.edge("edge-2"), "SELECT * FROM t").status())
                .isEqualTo(504);
        assertThat(Http.get(cache, Fleet.ADMIN).status()).isEqualTo(200);
        assertThat(Http.get(cache, Fleet.CLIENT).status()).isEqualTo(403);
    }
}

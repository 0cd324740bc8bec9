package dev.perigee.e2e;

import static dev.perigee.e2e.ThreeHomes.EDGES;
import static dev.perigee.e2e.ThreeHomes.HEARTBEAT;
import static dev.perigee.e2e.ThreeHomes.HOMES;
import static dev.perigee.e2e.ThreeHomes.LISTED;
import static dev.perigee.e2e.ThreeHomes.READ_A;
import static dev.perigee.e2e.ThreeHomes.READ_B;
import static dev.perigee.e2e.ThreeHomes.SOON;
import static dev.perigee.e2e.ThreeHomes.at;
import static dev.perigee.e2e.ThreeHomes.cache;
import static dev.perigee.e2e.ThreeHomes.holder;
import static dev.perigee.e2e.ThreeHomes.someOtherHome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Which edge may cache, and with how much memory: an operator's choice, made at any home. */
@ExtendWith(ThreeHomes.class)
@Tag("long")
class EligibilityTest {

    private final Postgres postgres = ThreeHomes.postgres();
    private final Fleet fleet = ThreeHomes.fleet();

    private void awaitIneligible(String edge, String read) {
        await("passes everything through: " + edge)
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> fleet.query(edge, read).cacheStatus().contains("ineligible"));
    }

    @Test
    void whoMayCacheIsSaidAtAnyHomeAndSurvivesEverybodysRestart() throws Exception {
        String edge = "edge-5";
        String holder = holder(edge);
        URI choice = at(someOtherHome(edge), "/api/edge/" + edge + "/cache");
        String body = "{\"capacity\":{\"cpu_cores\":2,\"ram_mib\":64,\"disk_mib\":0,\"geo\":\"eu-restarted\"}}";
        // It was enabled when it first registered, by default.
        assertThat(Http.put(choice, Fleet.ADMIN, body).status()).isEqualTo(200);
        fleet.warm(edge, READ_A);

        assertThat(Http.delete(choice, Fleet.ADMIN).status()).isBetween(200, 204);
        awaitIneligible(edge, READ_A);
        assertThat(cache(edge).get("stats").get("entries").asLong()).isZero();
        assertThat(fleet.query(edge, READ_A).column()).containsExactly(postgres.query(READ_A));
        assertThat(fleet.query(edge, "UPDATE b SET n = n + 1 WHERE id = 1").status())
                .isEqualTo(200);

        fleet.process(edge).kill();
        fleet.process(holder).kill();
        fleet.launchAgain(holder);
        fleet.launchAgain(edge);
        fleet.awaitListening(holder, edge);
        fleet.awaitInStep(EDGES);
        for (int i = 0; i < 3; i++) {
            assertThat(fleet.query(edge, READ_A).cacheStatus()).contains("ineligible");
        }
        for (String home : HOMES) {
            JsonNode known = Http.get(at(home, "/api/edge/" + edge + "/cache"), Fleet.ADMIN)
                    .json();
            assertThat(known.get("enabled").asBoolean()).as(home).isFalse();
        }

        Answer enabled = Http.put(at(holder, "/api/edge/" + edge + "/cache"), Fleet.ADMIN, body);
        assertThat(enabled.status()).isEqualTo(200);
        await("caches again").atMost(SOON).until(() -> fleet.query(edge, READ_A).isHit());
    }

    @Test
    void plainSqlOnTheEligibilityIsAsGood() throws Exception {
        URI choice = at("home-1", "/api/edge/edge-2/cache");
        Http.put(choice, Fleet.ADMIN, "{}");
        fleet.warm("edge-2", READ_A);
        postgres.sql("UPDATE perigee.edge_eligibility SET enabled = false WHERE edge_id = 'edge-2'");
        awaitIneligible("edge-2", READ_A);
        postgres.sql("UPDATE perigee.edge_eligibility SET enabled = true WHERE edge_id = 'edge-2'");
        await("caches again")
                .atMost(SOON)
                .until(() -> fleet.query("edge-2", READ_A).isHit());
    }

    @Test
    void anEdgeThatNobodyHasSeenYetMayBeEnabled() {
        URI choice = at("home-2", "/api/edge/edge-unborn/cache");
        assertThat(Http.put(choice, Fleet.ADMIN, "{}").status()).isEqualTo(201);
        Answer changed = Http.put(choice, Fleet.ADMIN, "{\"capacity\":{\"cpu_cores\":0.5}}");
        assertThat(changed.status()).isEqualTo(200);
        for (String home : HOMES) {
            JsonNode known = Http.get(at(home, "/api/edge/edge-unborn/cache"), Fleet.ADMIN)
                    .json();
            assertThat(known.get("enabled").asBoolean()).as(home).isTrue();
            assertThat(known.get("capacity").get("cpu_cores").asDouble()).isEqualTo(0.5);
            assertThat(known.get("revision").asLong())
                    .isEqualTo(changed.json().get("revision").asLong());
        }
    }

    @Test
    void nonsenseAboutEligibilityIsRefused() {
        Answer never = Http.delete(at("home-2", "/api/edge/edge-never/cache"), Fleet.ADMIN);
        assertThat(never.status()).isEqualTo(404);
        assertThat(never.code()).isEqualTo("eligibility-unknown");
        assertThat(Http.get(at("home-2", "/api/edge/edge-never/cache"), Fleet.ADMIN)
                        .code())
                .isEqualTo("eligibility-unknown");
        for (String bad : List.of(
                "{\"capacity\":{\"ram_mib\":0}}",
                "{\"capacity\":{\"cpu_cores\":-1}}",
                "{\"capacity\":{\"geo\":\"a\\u0007b\"}}",
                "{\"capacity\":{\"geo\":\"" + "x".repeat(65) + "\"}}",
                "{\"capacity\":{\"disk_mib\":\"much\"}}",
                "{\"capactiy\":{}}",
                "nonsense")) {
            assertThat(Http.put(at("home-1", "/api/edge/edge-never/cache"), Fleet.ADMIN, bad)
                            .status())
                    .as(bad)
                    .isEqualTo(400);
        }
        assertThat(Http.put(at("home-1", "/api/edge/no%20id/cache"), Fleet.ADMIN, "{}")
                        .status())
                .isEqualTo(400);
        assertThat(Http.put(at("home-1", "/api/edge/edge-never/cache"), Fleet.CLIENT, "{}")
                        .status())
                .isEqualTo(403);
    }

    @Test
    void theMemoryAnOperatorGivesHoldsAtOnce() {
        String fill = "SELECT $1::int AS n, repeat('x', 100000) AS filler";
        URI choice = at("home-3", "/api/edge/edge-1/cache");
        Http.put(choice, Fleet.ADMIN, "{\"capacity\":{\"ram_mib\":16}}");
        awaitBound("edge-1", 16);
        for (int n = 0; n < 40; n++) {
            fleet.query("edge-1", fill, n);
        }
        assertThat(bytes("edge-1")).isGreaterThan(2L << 20);

        Http.put(choice, Fleet.ADMIN, "{\"capacity\":{\"ram_mib\":1}}");
        awaitBound("edge-1", 1);
        await().atMost(SOON).until(() -> bytes("edge-1") <= 1L << 20);
        for (int n = 0; n < 40; n++) {
            fleet.query("edge-1", fill, n);
        }
        await("and stays").atMost(SOON).until(() -> bytes("edge-1") <= 1L << 20);
        assertThat(Http.put(choice, Fleet.ADMIN, "{}").status()).isEqualTo(200);
        await("its own bound again")
                .atMost(SOON)
                .until(() -> cache("edge-1").get("stats").get("max_bytes").asLong() == 256L << 20);
    }

    private void awaitBound(String edge, int mebibytes) {
        await("a bound of " + mebibytes + " MiB")
                .atMost(SOON)
                .until(() -> cache(edge).get("stats").get("max_bytes").asLong() == (long) mebibytes << 20);
    }

    private long bytes(String edge) {
        return cache(edge).get("stats").get("bytes").asLong();
    }

    @Test
    void routersFindTheEdgesOfAPlace() {
        for (String edge : List.of("edge-4", "edge-6")) {
            Http.put(
                    at("home-1", "/api/edge/" + edge + "/cache"),
                    Fleet.ADMIN,
                    "{\"capacity\":{\"cpu_cores\":4,\"geo\":\"antarctica\"}}");
        }
        for (String home : HOMES) {
            await("both are listed at " + home).atMost(LISTED).untilAsserted(() -> {
                List<JsonNode> found = Http.get(at(home, "/api/edge/eligible?geo=antarctica"), Fleet.ADMIN)
                        .list();
                assertThat(found)
                        .extracting(edge -> edge.get("edge_id").asString())
                        .containsExactlyInAnyOrder("edge-4", "edge-6");
                assertThat(found).allSatisfy(edge -> {
                    assertThat(edge.get("base_url").asString()).startsWith("http://");
                    assertThat(edge.get("capacity").get("cpu_cores").asDouble()).isEqualTo(4);
                    assertThat(edge.get("in_step").asBoolean()).isTrue();
                    assertThat(edge.get("staleness_ms").asLong()).isBetween(0L, 20 * HEARTBEAT.toMillis());
                    assertThat(edge.get("home_id").asString())
                            .isEqualTo(holder(edge.get("edge_id").asString()));
                });
            });
        }
        assertThat(Http.get(at("home-2", "/api/edge/eligible"), Fleet.ADMIN).list())
                .hasSizeGreaterThanOrEqualTo(2);
        assertThat(Http.delete(at("home-3", "/api/edge/edge-4/cache"), Fleet.ADMIN)
                        .status())
                .isBetween(200, 204);
        await("one is left")
                .atMost(LISTED)
                .untilAsserted(() -> assertThat(Http.get(at("home-1", "/api/edge/eligible?geo=antarctica"), Fleet.ADMIN)
                                .list())
                        .extracting(edge -> edge.get("edge_id").asString())
                        .containsExactly("edge-6"));
        Http.put(at("home-1", "/api/edge/edge-4/cache"), Fleet.ADMIN, "{}");
    }

    @Test
    void statisticsAreTheEdgesOwn() {
        String edge = "edge-6";
        fleet.warm(edge, READ_B);
        for (int i = 0; i < 25; i++) {
            assertThat(fleet.query(edge, READ_B).isHit()).isTrue();
        }
        JsonNode own = cache(edge).get("stats");
        assertThat(own.get("hits").asLong()).isGreaterThanOrEqualTo(25);
        for (String home : HOMES) {
            await("known at " + home).atMost(LISTED).untilAsserted(() -> {
                JsonNode known = Http.get(at(home, "/api/edge/" + edge + "/stats"), Fleet.ADMIN)
                        .json();
                for (String figure : List.of("hits", "misses", "entries", "bytes", "max_bytes")) {
                    assertThat(known.get(figure).asLong())
                            .as(figure)
                            .isEqualTo(own.get(figure).asLong());
                }
            });
        }
        assertThat(Http.get(at("home-1", "/api/edge/nobody/stats"), Fleet.ADMIN).status())
                .isEqualTo(404);
    }
}

package dev.perigee.e2e;

import static dev.perigee.e2e.ThreeHomes.EDGES;
import static dev.perigee.e2e.ThreeHomes.HOMES;
import static dev.perigee.e2e.ThreeHomes.LISTED;
import static dev.perigee.e2e.ThreeHomes.LIVENESS;
import static dev.perigee.e2e.ThreeHomes.READ_A;
import static dev.perigee.e2e.ThreeHomes.READ_B;
import static dev.perigee.e2e.ThreeHomes.at;
import static dev.perigee.e2e.ThreeHomes.cache;
import static dev.perigee.e2e.ThreeHomes.holder;
import static dev.perigee.e2e.ThreeHomes.listing;
import static dev.perigee.e2e.ThreeHomes.someOtherHome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Homes in the plural: whatever is said at one holds at all. */
@ExtendWith(ThreeHomes.class)
@Tag("long")
class SeveralHomesTest {

    private final Postgres postgres = ThreeHomes.postgres();
    private final Fleet fleet = ThreeHomes.fleet();

    @Test
    void plainSqlReachesEveryEdgeAtEveryHome() throws Exception {
        for (String edge : EDGES) {
            fleet.warm(edge, READ_A);
        }
        postgres.sql("UPDATE a SET n = n + 1 WHERE id = 1");
        for (String edge : EDGES) {
            fleet.awaitGone(edge, READ_A);
        }
        String truth = postgres.query(READ_A);
        for (String edge : EDGES) {
            assertThat(fleet.warm(edge, READ_A).column()).containsExactly(truth);
        }
    }

    @Test
    void aManualInvalidationAtOneHomeIsConfirmedByTheEdgesOfAll() {
        for (String edge : EDGES) {
            fleet.warmAll(edge, READ_A, READ_B);
        }
        Answer answer = Http.post(at("home-1", "/api/edge/invalidate?await=acked&timeout=5s"), Fleet.ADMIN, """
                {"tables":["a"]}""");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        List<JsonNode> confirmations = IntStream.range(
                        0, answer.json().get("edges").size())
                .mapToObj(answer.json().get("edges")::get)
                .toList();
        for (String edge : EDGES) {
            assertThat(confirmations)
                    .as(answer.body())
                    .anyMatch(confirmation ->
                            confirmation.get("edge_id").asString().equals(edge)
                                    && confirmation.get("confirmed").asBoolean());
            assertThat(Http.onlyIfCached(fleet.edge(edge), READ_A).status())
                    .as(edge)
                    .isEqualTo(504);
            assertThat(fleet.query(edge, READ_B).isHit()).as(edge).isTrue();
        }
    }

    @Test
    void everyHomeListsAllEdgesAndAllHomes() {
        await("the same list everywhere").atMost(LISTED).untilAsserted(() -> {
            Map<String, String> first = listing("home-1");
            assertThat(first.keySet()).contains(EDGES);
            for (String edge : EDGES) {
                assertThat(first.get(edge)).isEqualTo(holder(edge));
            }
            assertThat(listing("home-2")).isEqualTo(first);
            assertThat(listing("home-3")).isEqualTo(first);
        });
        await("all homes").atMost(LISTED).untilAsserted(() -> {
            for (String home : HOMES) {
                List<JsonNode> homes =
                        Http.get(at(home, "/api/home"), Fleet.ADMIN).list();
                assertThat(homes)
                        .extracting(node -> node.get("home_id").asString())
                        .containsAll(HOMES);
                assertThat(homes)
                        .filteredOn(node -> HOMES.contains(node.get("home_id").asString()))
                        .allSatisfy(node -> {
                            assertThat(node.get("feed_connected").asBoolean()).isTrue();
                            assertThat(node.get("version").asLong()).isPositive();
                            assertThat(node.get("feed_age_ms").asLong()).isBetween(0L, LISTED.toMillis());
                            assertThat(node.get("slot").get("name").asString()).startsWith("perigee");
                        });
                assertThat(homes.stream()
                                .mapToInt(node -> node.get("edges").asInt())
                                .sum())
                        .isGreaterThanOrEqualTo(EDGES.length);
            }
        });
        for (String home : HOMES) {
            JsonNode edge = Http.get(at(home, "/api/edge/edge-1"), Fleet.ADMIN).json();
            assertThat(edge.get("home_id").asString()).as(home).isEqualTo(holder("edge-1"));
            assertThat(edge.get("counters").get("dropped").asLong()).isZero();
        }
    }

    @Test
    void anEdgeIsEvictedByAHomeThatDoesNotHoldIt() {
        fleet.warm("edge-3", READ_A);
        long generation = cache("edge-3").get("link").get("generation").asLong();
        Answer evicted = Http.delete(at(someOtherHome("edge-3"), "/api/edge/edge-3"), Fleet.ADMIN);
        assertThat(evicted.status()).as(evicted.body()).isBetween(200, 204);
        await("it was told, and came back").atMost(Duration.ofSeconds(30)).until(() -> {
            JsonNode link = cache("edge-3").get("link");
            return link.get("generation").asLong() > generation
                    && link.get("status").asString().equals("streaming");
        });
        await("and kept what it had, once it is in step again")
                .atMost(LISTED)
                .until(() -> Http.onlyIfCached(fleet.edge("edge-3"), READ_A).isHit());
        assertThat(Http.delete(at("home-2", "/api/edge/nobody"), Fleet.ADMIN).status())
                .isEqualTo(404);
    }

    @Test
    void whoTookAnIdLastHasItWhereverThatWas() throws Exception {
        try (RawStream first = RawStream.register(fleet.home("home-1"), "edge-twice", Fleet.EDGE)) {
            long older = first.next("hello").data().get("generation").asLong();
            try (RawStream second = RawStream.register(fleet.home("home-2"), "edge-twice", Fleet.EDGE)) {
                long newer = second.next("hello").data().get("generation").asLong();
                assertThat(newer).isGreaterThan(older);
                assertThat(first.next("goodbye").data().get("reason").asString())
                        .isEqualTo("superseded");
                assertThat(ack("home-1", "edge-twice", older)).isIn(404, 409);
                for (String home : HOMES) {
                    await("held by home-2, says " + home)
                            .atMost(LISTED)
                            .until(() -> "home-2".equals(listing(home).get("edge-twice")));
                }
                assertThat(ack("home-2", "edge-twice", newer)).isIn(200, 204);
            }
        }
    }

    private int ack(String home, String edge, long generation) {
        return Http.post(
                        at(home, "/api/edge/" + edge + "/ack"),
                        Fleet.EDGE,
                        "{\"generation\":" + generation + ",\"up_to_version\":1,\"stats\":null}")
                .status();
    }

    /** It reads what there is to know before it lets anybody in: the first edge to ask is told at once. */
    @Test
    void aHomeThatJoinsLateKnowsWhoMayCacheBeforeItAcceptsAnybody() throws Exception {
        URI choice = at("home-1", "/api/edge/edge-disabled/cache");
        assertThat(Http.put(choice, Fleet.ADMIN, "{}").status()).isEqualTo(201);
        assertThat(Http.delete(choice, Fleet.ADMIN).status()).isBetween(200, 204);
        fleet.launchHome("home-late", "--perigee.home.edges.auto-enable=false");
        try {
            RawStream stream = await("it accepts edges")
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> tryRegister("home-late", "edge-disabled"), opened -> opened != null);
            try (stream) {
                assertThat(stream.next().name()).isEqualTo("hello");
                RawStream.Event second = stream.next();
                assertThat(second.name()).isEqualTo("eligibility");
                assertThat(second.data().get("enabled").asBoolean()).isFalse();
            }
            whomItDoesNotKnowMayNotCacheThere();
        } finally {
            fleet.process("home-late").terminate();
        }
        await("gone from the list")
                .atMost(LIVENESS.plusSeconds(10))
                .untilAsserted(() -> assertThat(
                                Http.get(at("home-1", "/api/home"), Fleet.ADMIN).body())
                        .doesNotContain("home-late"));
    }

    private void whomItDoesNotKnowMayNotCacheThere() throws IOException, InterruptedException {
        try (RawStream stranger = RawStream.register(fleet.home("home-late"), "edge-stranger", Fleet.EDGE)) {
            assertThat(stranger.next("eligibility").data().get("enabled").asBoolean())
                    .isFalse();
            Answer enabled = Http.put(
                    at("home-2", "/api/edge/edge-stranger/cache"), Fleet.ADMIN, "{\"capacity\":{\"ram_mib\":7}}");
            assertThat(enabled.status()).isEqualTo(201);
            JsonNode told = stranger.next("eligibility").data();
            assertThat(told.get("enabled").asBoolean()).isTrue();
            assertThat(told.get("capacity").get("ram_mib").asInt()).isEqualTo(7);
        }
    }

    private RawStream tryRegister(String home, String edge) throws InterruptedException {
        try {
            return RawStream.register(fleet.home(home), edge, Fleet.EDGE);
        } catch (IOException | UncheckedIOException notYet) {
            return null;
        }
    }
}

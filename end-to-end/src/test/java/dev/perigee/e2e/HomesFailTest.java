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
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Homes that die, and homes that are restarted one after the other: their edges carry on at another, and keep all. */
@ExtendWith(ThreeHomes.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("long")
class HomesFailTest {

    /** The edges' default. */
    private static final Duration MAX_STALENESS = Duration.ofSeconds(5);

    private static final String DURABLE = "--perigee.home.slot.durable=";

    private final Postgres postgres = ThreeHomes.postgres();
    private final Fleet fleet = ThreeHomes.fleet();

    @Test
    void edgesOfAHomeThatWasKilledCarryOnAtAnother() throws Exception {
        everybodyMovesTo("home-1");
        for (String edge : EDGES) {
            fleet.warmAll(edge, READ_A, READ_B);
        }
        Map<String, Double> before = flushes();
        try (RawStream silent = RawStream.register(fleet.home("home-1"), "edge-ghost", Fleet.EDGE);
                RawStream moving = RawStream.register(fleet.home("home-1"), "edge-moving", Fleet.EDGE)) {
            silent.next("bookmark");
            moving.next("bookmark");
            await("listed elsewhere")
                    .atMost(LISTED)
                    .until(() -> listing("home-2").keySet().containsAll(List.of("edge-ghost", "edge-moving")));

            fleet.process("home-1").kill();
            long killed = System.nanoTime();
            postgres.sql("UPDATE a SET n = n + 1 WHERE id = 1");
            RawStream.register(fleet.home("home-2"), "edge-moving", Fleet.EDGE).close();
            Duration streaming = awaitAll(
                    killed,
                    edge -> !cache(edge)
                            .get("link")
                            .get("home_id")
                            .asString("home-1")
                            .equals("home-1"));
            Duration applied = awaitAll(
                    killed,
                    edge -> Http.onlyIfCached(fleet.edge(edge), READ_A).status() == 504
                            || fleet.query(edge, READ_A).column().equals(List.of(postgres.query(READ_A))));
            Duration inStep = awaitAll(killed, edge -> fleet.query(edge, READ_A).isHit());
            System.out.printf(
                    Locale.ROOT,
                    "kill -9 of the home that held %d edges: all have a stream from another after %d ms, all have"
                            + " dropped what was committed meanwhile after %d ms, all answer it from memory after %d ms%n",
                    EDGES.length,
                    streaming.toMillis(),
                    applied.toMillis(),
                    inStep.toMillis());
            for (String edge : EDGES) {
                assertThat(fleet.query(edge, READ_A).column()).containsExactly(postgres.query(READ_A));
                assertThat(fleet.query(edge, READ_B).isHit())
                        .as("kept at " + edge)
                        .isTrue();
            }
            assertThat(flushes()).isEqualTo(before);
            for (String home : List.of("home-2", "home-3")) {
                await("nobody is held by the dead home, says " + home)
                        .atMost(remaining(killed, LIVENESS.plusSeconds(5)))
                        .until(() -> !listing(home).containsValue("home-1"));
            }
        }
        fleet.launchAgain("home-1");
        fleet.awaitListening("home-1");
    }

    @Test
    @Order(1)
    void homesWithTemporarySlotsAreRestartedOneAfterTheOther() throws Exception {
        roll(false);
    }

    /** Those before left durable slots, if they ran. */
    @Test
    @Order(2)
    void homesWithDurableSlotsAreRestartedOneAfterTheOther() throws Exception {
        roll(true);
    }

    /** Restarts all homes under load, from slots of one kind, to durable ones. */
    private void roll(boolean durable) throws Exception {
        for (String home : HOMES) {
            if (hasDurableSlot(home) != durable) {
                restart(home, DURABLE + durable);
            }
        }
        fleet.awaitInStep(EDGES);
        HOMES.forEach(this::awaitAllHeardOf);
        Map<String, Double> before = flushes();
        Load.Report report;
        Duration took;
        try (Load load = new Load(fleet, postgres, List.of(EDGES), MAX_STALENESS).start()) {
            long began = System.nanoTime();
            for (String home : HOMES) {
                restart(home, DURABLE + true);
            }
            took = Duration.ofNanos(System.nanoTime() - began);
            report = load.stop();
        }
        System.out.printf(
                Locale.ROOT,
                "rolling restart of %d homes with %s slots in %.1f s: %d writes, %d reads of which %d hits, errors %s%n",
                HOMES.size(),
                durable ? "durable" : "temporary",
                took.toMillis() / 1e3,
                report.writes(),
                report.reads(),
                report.hits(),
                report.errors());
        assertThat(report.complaints()).isEmpty();
        assertThat(report.hits()).isPositive();
        assertThat(flushes()).isEqualTo(before);
        for (String edge : EDGES) {
            JsonNode counters = Http.get(at("home-1", "/api/edge/" + edge), Fleet.ADMIN)
                    .json()
                    .get("counters");
            assertThat(counters.get("dropped").asLong()).isZero();
        }
    }

    private static boolean hasDurableSlot(String home) {
        return Http.get(at(home, "/api/home"), Fleet.ADMIN).list().stream()
                .filter(node -> node.get("home_id").asString().equals(home))
                .anyMatch(node -> node.get("slot").get("durable").asBoolean());
    }

    /** What an operator does: the next one only when this one is ready to take over its edges. */
    private void restart(String home, String... arguments) throws IOException {
        fleet.process(home).terminate();
        fleet.launchAgain(home, arguments);
        fleet.awaitListening(home);
        fleet.awaitInStep(home);
        awaitAllHeardOf(home);
    }

    /** Waits until every edge is past the position this home was at just now, where its log may have begun. */
    private void awaitAllHeardOf(String home) {
        long version = await("it says where it is").atMost(LISTED).until(() -> versionOf(home), found -> found > 0);
        for (String edge : EDGES) {
            await(edge + " is past " + version + ", where " + home + " is")
                    .atMost(LISTED)
                    .until(() -> completeTo(edge) >= version);
        }
    }

    private long versionOf(String home) {
        return Load.position(Http.query(fleet.home(home), "SELECT 1").version());
    }

    private static long completeTo(String edge) {
        return Load.position(cache(edge).get("link").get("complete_to").asString(""));
    }

    private void everybodyMovesTo(String home) throws IOException {
        List<String> others = new ArrayList<>(HOMES);
        others.remove(home);
        others.forEach(other -> fleet.process(other).terminate());
        for (String edge : EDGES) {
            await(edge + " is at " + home)
                    .atMost(Duration.ofSeconds(30))
                    .until(() ->
                            home.equals(cache(edge).get("link").get("home_id").asString("")));
        }
        for (String other : others) {
            fleet.launchAgain(other);
        }
        fleet.awaitInStep(others.toArray(String[]::new));
        others.forEach(this::awaitAllHeardOf);
        for (String edge : EDGES) {
            assertThat(holder(edge)).isEqualTo(home);
        }
    }

    /** How often each edge has dropped everything, by itself or told by home. */
    private Map<String, Double> flushes() {
        Map<String, Double> flushes = new TreeMap<>();
        for (String edge : EDGES) {
            URI url = fleet.edge(edge);
            flushes.put(
                    edge,
                    Fleet.metric(url, "perigee_edge_flushes_total", "")
                            + Fleet.metric(url, "perigee_edge_resets_total", ""));
        }
        return flushes;
    }

    private interface Condition {
        boolean holds(String edge) throws SQLException;
    }

    private static Duration awaitAll(long since, Condition condition) {
        for (String edge : EDGES) {
            await(edge)
                    .atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> condition.holds(edge));
        }
        return Duration.ofNanos(System.nanoTime() - since);
    }

    private static Duration remaining(long since, Duration whole) {
        Duration left = whole.minusNanos(System.nanoTime() - since);
        return left.compareTo(Duration.ofMillis(200)) < 0 ? Duration.ofMillis(200) : left;
    }
}

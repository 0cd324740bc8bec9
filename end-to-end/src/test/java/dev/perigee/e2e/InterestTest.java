package dev.perigee.e2e;

import static dev.perigee.e2e.ThreeHomes.HEARTBEAT;
import static dev.perigee.e2e.ThreeHomes.HOMES;
import static dev.perigee.e2e.ThreeHomes.LISTED;
import static dev.perigee.e2e.ThreeHomes.READ_A;
import static dev.perigee.e2e.ThreeHomes.READ_B;
import static dev.perigee.e2e.ThreeHomes.SOON;
import static dev.perigee.e2e.ThreeHomes.at;
import static dev.perigee.e2e.ThreeHomes.cache;
import static dev.perigee.e2e.ThreeHomes.holder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Edges that want to hear of some tables only. */
@ExtendWith(ThreeHomes.class)
@Tag("long")
class InterestTest {

    private static final int COMMITS = 50;

    private final Postgres postgres = ThreeHomes.postgres();
    private final Fleet fleet = ThreeHomes.fleet();

    @Test
    void anEdgeHearsOfWhatConcernsItAndStaysInStep() throws Exception {
        postgres.sql(
                "CREATE SCHEMA shop",
                "CREATE TABLE shop.product (id int PRIMARY KEY)",
                "CREATE TABLE busy (id int PRIMARY KEY, n int)",
                "INSERT INTO busy VALUES (1, 0)");
        fleet.startEdge("edge-7", "--perigee.edge.interest=public.a,shop.*");
        try {
            fleet.warmAll("edge-7", READ_A, "SELECT id FROM shop.product");
            assertOutside(READ_B);
            assertOutside("SELECT a.n FROM a JOIN b USING (id)");
            whatDoesNotConcernItIsKeptFromIt();

            postgres.sql("UPDATE a SET n = n + 1 WHERE id = 1");
            fleet.awaitGone("edge-7", READ_A);
            postgres.sql("INSERT INTO shop.product VALUES (1)");
            fleet.awaitGone("edge-7", "SELECT id FROM shop.product");
            anotherInterestLosesNothing();
        } finally {
            fleet.process("edge-7").terminate();
        }
    }

    private void whatDoesNotConcernItIsKeptFromIt() throws Exception {
        fleet.warm("edge-7", READ_A);
        double applied = applied();
        JsonNode before = node();
        for (int n = 1; n <= COMMITS; n++) {
            postgres.sql("UPDATE busy SET n = " + n + " WHERE id = 1");
        }
        await("home has passed them over, and the edge knows that it has missed nothing")
                .atMost(LISTED)
                .untilAsserted(() -> {
                    JsonNode after = node();
                    assertThat(after.get("counters").get("filtered").asLong())
                            .isGreaterThan(
                                    before.get("counters").get("filtered").asLong());
                    assertThat(after.get("acked_version").asLong())
                            .isGreaterThan(before.get("acked_version").asLong());
                });
        assertThat(applied()).as("invalidations it heard of").isEqualTo(applied);
        assertThat(cache("edge-7").get("link").get("staleness_ms").asLong()).isBetween(0L, 20 * HEARTBEAT.toMillis());
        assertThat(fleet.query("edge-7", READ_A).isHit()).isTrue();
        Answer write = fleet.query("edge-1", "UPDATE busy SET n = 0 WHERE id = 1");
        await("read your writes, though it heard nothing of the write")
                .atMost(SOON)
                .until(() -> Http.queryMin(fleet.edge("edge-7"), write.version(), READ_A)
                        .isHit());
    }

    private void anotherInterestLosesNothing() throws Exception {
        fleet.process("edge-7").terminate();
        fleet.launchAgain("edge-7", "--perigee.edge.interest=public.b");
        fleet.awaitListening("edge-7");
        fleet.awaitInStep("edge-7");
        fleet.warm("edge-7", READ_B);
        assertOutside(READ_A);
        postgres.sql("UPDATE b SET n = n + 1 WHERE id = 1");
        fleet.awaitGone("edge-7", READ_B);
        await("known at every home").atMost(LISTED).untilAsserted(() -> {
            for (String home : HOMES) {
                assertThat(Http.get(at(home, "/api/edge/edge-7"), Fleet.ADMIN)
                                .json()
                                .get("tables")
                                .toString())
                        .isEqualTo("[\"public.b\"]");
            }
        });
    }

    private void assertOutside(String read) {
        List<Answer> answers = List.of(fleet.query("edge-7", read), fleet.query("edge-7", read));
        assertThat(answers)
                .allSatisfy(
                        answer -> assertThat(answer.status()).as(answer.body()).isEqualTo(200));
        assertThat(answers.get(1).cacheStatus()).contains("outside-interest");
    }

    private JsonNode node() {
        return Http.get(at(holder("edge-7"), "/api/edge/edge-7"), Fleet.ADMIN).json();
    }

    private double applied() {
        return Fleet.metric(fleet.edge("edge-7"), "perigee_edge_invalidations_applied_total", "");
    }
}

package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** An edge that compares every hit with home. */
@Tag("long")
class SampledHitsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final String SECRET = "471147114";

    private static Postgres postgres;
    private static Fleet fleet;

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql(
                "CREATE TABLE known (id int PRIMARY KEY, n int)",
                "INSERT INTO known SELECT i, i FROM generate_series(1, 100) i",
                "CREATE TABLE hidden (n int PRIMARY KEY)",
                "INSERT INTO hidden VALUES (1)",
                // Promised to be immutable by the configuration; it is not.
                "CREATE FUNCTION peek(int) RETURNS int LANGUAGE plpgsql STABLE AS"
                        + " 'BEGIN RETURN (SELECT n FROM hidden); END'");
        fleet = new Fleet(postgres);
        fleet.launchHome(
                Fleet.HOME, "--perigee.home.query.allowed-functions=peek", "--perigee.home.feed.heartbeat=200ms");
        fleet.launchEdge(
                "edge-1", "--perigee.edge.consistency.sample-rate=1", "--perigee.edge.consistency.max-per-second=100");
        fleet.awaitListening(Fleet.HOME);
        fleet.awaitInStep("edge-1");
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }

    private static double metric(String name, String containing) {
        return Fleet.metric(fleet.edge("edge-1"), name, containing);
    }

    private static JsonNode report() {
        return Http.get(fleet.edge("edge-1").resolve("/api/cache"), Fleet.ADMIN)
                .json()
                .get("consistency");
    }

    @Test
    void hitsAreComparedWhileOthersWriteAndNoneIsWrong() throws Exception {
        String read = "SELECT id, n FROM known";
        fleet.warm("edge-1", read);
        double before = metric("perigee_consistency_violations_total", "");
        double checked = metric("perigee_consistency_checked_total", "");
        int[] writes = {0};
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> {
            fleet.query("edge-1", read);
            if (++writes[0] % 20 == 0) {
                postgres.sql("UPDATE known SET n = n + 1 WHERE id = 1 + " + writes[0] + " % 100");
            }
            return metric("perigee_consistency_checked_total", "") >= checked + 5
                    && metric("perigee_consistency_inconclusive_total", "changed") >= 1;
        });
        assertThat(metric("perigee_consistency_violations_total", "")).isEqualTo(before);
        assertThat(report().get("checked").asLong()).isGreaterThanOrEqualTo(5);
        assertThat(report().get("shown").asString()).contains("95 % confidence");
        assertThat(metric("perigee_consistency_nines", ""))
                .isLessThanOrEqualTo(Math.log10(metric("perigee_consistency_checked_total", "")));
    }

    @Test
    void aHitThatTheLogDidNotTellOfIsCountedAndDropped() throws Exception {
        String read = "SELECT peek($1)";
        fleet.warm("edge-1", read, Integer.valueOf(SECRET));
        postgres.sql("UPDATE hidden SET n = 2");
        await("a violation").atMost(PATIENCE).until(() -> {
            fleet.query("edge-1", read, Integer.valueOf(SECRET));
            return metric("perigee_consistency_violations_total", "") >= 1;
        });
        await("what is served now was read anew")
                .atMost(PATIENCE)
                .until(() -> fleet.query("edge-1", read, Integer.valueOf(SECRET))
                        .column()
                        .equals(List.of("2")));
        assertThat(report().get("violations").asLong()).isGreaterThanOrEqualTo(1);
        String log = fleet.process("edge-1").log();
        assertThat(log)
                .contains("was not what home says at the same version")
                .contains("SELECT peek($1)")
                .doesNotContain(SECRET);
    }
}

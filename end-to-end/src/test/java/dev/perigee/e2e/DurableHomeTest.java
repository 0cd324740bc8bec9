package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A home with a durable slot dies and comes back: no edge flushes, and nothing is missed. */
@Tag("long")
class DurableHomeTest {

    private static final String READ_A = "SELECT n FROM a WHERE id = 1";
    private static final String READ_B = "SELECT n FROM b WHERE id = 1";

    @Test
    void edgesResumeAtAHomeThatWasKilled() throws Exception {
        try (Postgres postgres = Postgres.start()) {
            postgres.sql(
                    "CREATE TABLE a (id int PRIMARY KEY, n int)",
                    "INSERT INTO a VALUES (1, 1)",
                    "CREATE TABLE b (id int PRIMARY KEY, n int)",
                    "INSERT INTO b VALUES (1, 1)");
            try (Fleet fleet = new Fleet(postgres)) {
                fleet.launchHome(Fleet.HOME, "--perigee.home.slot.durable=true");
                fleet.startEdge("edge-1", "--perigee.edge.max-staleness=60s");
                fleet.warmAll("edge-1", READ_A, READ_B);
                double resets = Fleet.metric(fleet.edge("edge-1"), "perigee_edge_resets_total", "");

                fleet.process(Fleet.HOME).kill();
                postgres.sql("UPDATE a SET n = 2 WHERE id = 1");
                fleet.startHomeAgain();

                await("resumed")
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> Fleet.metric(fleet.home(), "perigee_home_edges_resumed_total", "") == 1);
                fleet.awaitInStep("edge-1");
                await("the write of meanwhile")
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> fleet.query("edge-1", READ_A).column().equals(List.of("2")));
                assertThat(fleet.query("edge-1", READ_B).isHit()).as("kept").isTrue();
                assertThat(Fleet.metric(fleet.edge("edge-1"), "perigee_edge_resets_total", ""))
                        .isEqualTo(resets);
                assertThat(Fleet.metric(fleet.home(), "perigee_home_edges_resets_total", ""))
                        .isZero();
            }
        }
    }

    @Test
    void aDurableSlotNeedsANameThatStays() throws Exception {
        try (Postgres postgres = Postgres.start();
                Fleet fleet = new Fleet(postgres)) {
            ServiceProcess home =
                    fleet.launchHome(Fleet.HOME, "--perigee.home.id=", "--perigee.home.slot.durable=true");
            assertThat(home.awaitExit(Duration.ofSeconds(60))).isNotZero();
            assertThat(home.log())
                    .contains("perigee.home.slot.durable needs a name that stays")
                    .doesNotContain("\tat ");
        }
    }
}

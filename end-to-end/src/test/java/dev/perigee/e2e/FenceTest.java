package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A commit that a missing synchronous standby holds back: it is in the WAL, and decoded, but nobody can see it. What
 * an edge reads meanwhile is the old row, and must not outlive the moment the new one shows.
 */
@Tag("long")
class FenceTest {

    private static final String READ = "SELECT n FROM held WHERE id = 1";

    @Test
    void aRowReadBeforeADecodedCommitBecameVisibleIsNotKept() throws Exception {
        try (Postgres postgres = Postgres.start()) {
            postgres.sql(
                    "CREATE TABLE held (id int PRIMARY KEY, n int)",
                    "INSERT INTO held VALUES (1, 1)",
                    "CREATE TABLE seen (id int PRIMARY KEY)");
            try (Fleet fleet = new Fleet(postgres)) {
                fleet.launchHome(Fleet.HOME);
                fleet.startEdge("edge-1");
                fleet.warm("edge-1", READ);
                postgres.sql("ALTER SYSTEM SET synchronous_standby_names = 'missing'", "SELECT pg_reload_conf()");
                await().until(() ->
                        postgres.query("SHOW synchronous_standby_names").equals("missing"));

                Thread writer = new Thread(() -> {
                    try {
                        postgres.sql("UPDATE held SET n = 2 WHERE id = 1");
                    } catch (SQLException failure) {
                        throw new IllegalStateException(failure);
                    }
                });
                writer.start();
                await("the commit waits for its standby")
                        .until(() -> postgres.query(
                                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                                .equals("1"));

                // It has been decoded: the edge has dropped its entry. Nobody sees it: reads give the old row.
                fleet.awaitGone("edge-1", READ);
                for (int i = 0; i < 20; i++) {
                    Answer during = fleet.query("edge-1", READ);
                    assertThat(during.column()).containsExactly("1");
                    assertThat(during.isHit()).isFalse();
                }

                release(postgres);
                writer.join();
                Answer after = fleet.query("edge-1", READ);
                assertThat(after.column()).as("right after the commit returned").containsExactly("2");
                assertThat(fleet.warm("edge-1", READ).column()).containsExactly("2");
            }
        }
    }

    private static void release(Postgres postgres) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SET synchronous_commit = local");
            statement.execute("ALTER SYSTEM RESET synchronous_standby_names");
            statement.execute("SELECT pg_reload_conf()");
        }
        await().atMost(Duration.ofSeconds(30))
                .until(() -> postgres.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                        .equals("0"));
    }
}

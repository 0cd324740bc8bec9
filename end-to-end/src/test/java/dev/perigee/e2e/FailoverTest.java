package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A physical standby takes the primary's place, without the last commits of it. Nothing of those is left anywhere. */
@Tag("long")
class FailoverTest {

    private static final String READ = "SELECT n FROM a WHERE id = 1";
    private static final String OTHER = "SELECT n FROM a WHERE id = 2";

    private Postgres primary;
    private Postgres standby;
    private CuttableProxy address;
    private Fleet fleet;

    @BeforeEach
    void start() throws IOException, SQLException {
        primary = Postgres.start(Map.of("wal_level", "logical", "max_wal_senders", "10"));
        primary.sql("CREATE TABLE a (id int PRIMARY KEY, n int)", "INSERT INTO a VALUES (1, 1), (2, 1)");
        address = new CuttableProxy(primary.port());
        fleet = new Fleet(primary);
    }

    @AfterEach
    void stop() throws IOException {
        try {
            fleet.close();
        } finally {
            address.close();
            primary.close();
            if (standby != null) {
                standby.close();
            }
        }
    }

    private void startServices(String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "--spring.r2dbc.url=r2dbc:postgresql://127.0.0.1:" + address.port() + "/postgres",
                "--perigee.home.feed.silence=2s"));
        arguments.addAll(List.of(more));
        fleet.launchHome(Fleet.HOME, arguments.toArray(new String[0]));
        fleet.startEdge("edge-1");
    }

    private void awaitReplayed() throws SQLException {
        String written = primary.query("SELECT pg_current_wal_flush_lsn()");
        await("replayed")
                .atMost(Duration.ofSeconds(30))
                .until(() -> standby.query("SELECT pg_last_wal_replay_lsn() >= '" + written + "'")
                        .equals("t"));
    }

    /** The edge has an entry of a row that the standby never gets. */
    private Answer readWhatWillBeLost() throws SQLException {
        fleet.warmAll("edge-1", READ, OTHER);
        awaitReplayed();
        standby.detach();
        primary.sql("UPDATE a SET n = 2 WHERE id = 1");
        Answer lost = await().atMost(Duration.ofSeconds(30))
                .until(() -> fleet.warm("edge-1", READ), it -> it.column().equals(List.of("2")));
        fleet.warm("edge-1", OTHER);
        return lost;
    }

    private void awaitFlushed(Answer lost) {
        String before = epoch(lost);
        await("read in the new epoch")
                .atMost(Duration.ofSeconds(30))
                .until(
                        () -> fleet.query("edge-1", READ),
                        it -> it.status() == 200 && it.isHit() && !epoch(it).equals(before));
        assertThat(epoch(fleet.warm("edge-1", READ)).split("\\.", -1)[1]).isEqualTo("2");
        IntStream.range(0, 40)
                .parallel()
                .mapToObj(i -> i % 2 == 0
                        ? fleet.query("edge-1", READ)
                        : Http.query(fleet.home(), "SELECT n FROM a WHERE id = 1 AND n <> -1" + i))
                .forEach(it -> assertThat(it.column()).containsExactly("1"));
        assertThat(Fleet.metric(fleet.home(), "perigee_home_edges_resets_total", "epoch"))
                .as("one flush")
                .isEqualTo(1);
    }

    private static String epoch(Answer answer) {
        return answer.version().substring(0, answer.version().indexOf(':'));
    }

    @Test
    void commitsOfThePrimaryThatDiedAreNotServedAnyMore() throws Exception {
        standby = primary.startStandby();
        startServices();
        Answer lost = readWhatWillBeLost();

        primary.kill();
        standby.promote();
        address.redirect(standby.port());

        awaitFlushed(lost);
        assertThat(fleet.query("edge-1", "UPDATE a SET n = 3 WHERE id = 1").status())
                .isEqualTo(200);
        await().until(() -> fleet.warm("edge-1", READ).column().equals(List.of("3")));
        assertThat(standby.query(READ)).isEqualTo("3");
    }

    /** Nobody has fenced the old primary: it lives, and so do all connections to it. */
    @Test
    void aPrimaryThatWasReplacedButLivesIsNeitherReadNorWritten() throws Exception {
        standby = primary.startStandby();
        startServices();
        IntStream.range(0, 20).parallel().forEach(i -> Http.query(fleet.home(), "SELECT pg_sleep(0.05)::text || " + i));
        Answer lost = readWhatWillBeLost();

        standby.promote();
        address.redirect(standby.port());

        awaitFlushed(lost);
        for (int i = 0; i < 20; i++) {
            assertThat(fleet.query("edge-1", "UPDATE a SET n = n + 1 WHERE id = 2")
                            .status())
                    .isEqualTo(200);
        }
        assertThat(standby.query(OTHER)).isEqualTo("21");
        assertThat(primary.query(OTHER)).isEqualTo("1");
        await().until(() -> fleet.warm("edge-1", OTHER).column().equals(List.of("21")));
        primary.sql("UPDATE a SET n = 99");
        assertThat(fleet.query("edge-1", OTHER).column()).containsExactly("21");
    }

    /** A failover slot (PostgreSQL 17) is on the standby already, and is used; the epoch is new all the same. */
    @Test
    void aFailoverSlotIsUsedWhereItIs() throws Exception {
        primary.sql("SELECT pg_create_physical_replication_slot('standby')");
        standby = primary.startStandby("primary_slot_name = 'standby'", "hot_standby_feedback = on");
        startServices(
                "--perigee.home.id=h_1",
                "--perigee.home.slot.durable=true",
                "--perigee.home.slot.retain=100ms",
                "--perigee.home.feed.heartbeat=100ms");
        await("the slot is on the standby")
                .atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> {
                    // Only with news of running transactions does the slot move on, and an idle server has little of
                    // it.
                    primary.sql("SELECT pg_log_standby_snapshot()");
                    standby.sql("SELECT pg_sync_replication_slots()");
                    return standby.query("SELECT count(*) FROM pg_replication_slots"
                                    + " WHERE slot_name = 'perigee_h_1' AND synced AND NOT temporary")
                            .equals("1");
                });
        Answer lost = readWhatWillBeLost();

        primary.kill();
        standby.promote();
        address.redirect(standby.port());

        awaitFlushed(lost);
        assertThat(standby.query("SELECT count(*) FROM pg_replication_slots"
                        + " WHERE slot_name = 'perigee_h_1' AND active AND synced"))
                .isEqualTo("1");
        assertThat(Fleet.metric(fleet.home(), "perigee_home_slot_lost_total", ""))
                .isZero();
    }

    @Test
    void theDriverFindsThePrimaryAmongSeveralAddresses() throws Exception {
        standby = primary.startStandby();
        startServices("--spring.r2dbc.url=r2dbc:postgresql:failover://127.0.0.1:" + standby.port() + ",127.0.0.1:"
                + primary.port() + "/postgres?targetServerType=primary");
        Answer lost = readWhatWillBeLost();

        primary.kill();
        standby.promote();

        awaitFlushed(lost);
    }
}

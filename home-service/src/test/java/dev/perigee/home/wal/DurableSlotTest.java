package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.database.Publication;
import dev.perigee.home.database.TestServer;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.log.LogRecord;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class DurableSlotTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final Duration RETAIN = Duration.ofSeconds(30);

    /** One home process: what it knows goes with it. */
    private final class Home {

        final InvalidationLog log = new InvalidationLog();
        final VisibilityGate gate = new VisibilityGate();
        final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
        final WalFeed feed;

        Home(String id, SlotProperties slot) {
            feed = WalConfiguration.feed(
                    server.connections(),
                    publication,
                    log,
                    gate,
                    new ControlChannel(),
                    new HomeId(id),
                    new FeedProperties(Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(5)),
                    slot,
                    metrics);
            homes.add(this);
        }

        Home start() {
            feed.start();
            synced();
            return this;
        }

        /** Everything written so far has been decoded, and is visible. */
        void synced() {
            long now = position();
            await().atMost(TIMEOUT)
                    .until(() -> feed.connected()
                            && log.current() != null
                            && log.current().head() >= now - 1
                            && gate.read() != null
                            && gate.read().version() >= now - 1);
        }

        List<List<String>> after(long version) {
            List<List<String>> tables = new ArrayList<>();
            for (LogRecord next = log.current().after(version);
                    next != null;
                    next = log.current().after(next.event().upToVersion())) {
                tables.add(next.event().tables());
            }
            return tables;
        }

        double count(String name) {
            return metrics.get(name).counter().count();
        }
    }

    private final List<Home> homes = new ArrayList<>();
    private TestServer server;
    private Publication publication;

    private void begin(String... settings) {
        server = TestServer.start(settings);
        server.run("CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)");
        publication = server.publication();
        publication.start();
    }

    @AfterEach
    void stop() {
        homes.forEach(home -> home.feed.stop());
        publication.stop();
        server.close();
    }

    private long position() {
        return Long.parseLong(server.ask("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
                .get(0));
    }

    private static SlotProperties durable(Duration retain) {
        return new SlotProperties(true, retain, Duration.ofHours(1), false);
    }

    private void awaitSlot(String condition) {
        await().atMost(TIMEOUT)
                .until(() -> server.ask("SELECT count(*) FROM pg_replication_slots WHERE " + condition)
                        .equals(List.of("1")));
    }

    @Test
    void aHomeStartedAgainKnowsWhatItsEdgesHaveNotHeard() {
        begin();
        Home before = new Home("h_1", durable(RETAIN)).start();
        server.run("INSERT INTO a VALUES (1)");
        before.synced();
        long cursor = before.log.current().head();
        server.run("INSERT INTO b VALUES (1)");
        before.synced();
        before.feed.stop();
        awaitSlot("slot_name = 'perigee_h_1' AND NOT temporary AND NOT active AND failover");
        server.run("INSERT INTO b VALUES (2)");

        Home after = new Home("h_1", durable(RETAIN)).start();

        assertThat(after.log.current().start()).isLessThan(cursor);
        assertThat(after.log.current().epoch()).isEqualTo(before.log.current().epoch());
        assertThat(after.after(cursor)).containsExactly(List.of("public.b"));
        assertThat(after.after(after.log.current().start())).containsExactly(List.of("public.a"), List.of("public.b"));
        await().atMost(TIMEOUT).until(() -> after.feed.slot() != null);
        assertThat(after.feed.slot()).satisfies(slot -> {
            assertThat(slot.name()).isEqualTo("perigee_h_1");
            assertThat(slot.durable()).isTrue();
            assertThat(slot.active()).isTrue();
            assertThat(slot.walStatus()).isEqualTo("reserved");
            assertThat(slot.retainedBytes()).isNotNull();
        });
    }

    @Test
    void aBrokenConnectionCostsNothing() {
        begin();
        Home home = new Home("h_1", durable(RETAIN)).start();
        server.run("INSERT INTO a VALUES (1)");
        home.synced();
        long cursor = home.log.current().head();
        double connections = home.count("perigee.home.feed.connections");

        server.run(
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active",
                "INSERT INTO b VALUES (1)");
        await().atMost(TIMEOUT).until(() -> home.count("perigee.home.feed.connections") > connections);
        home.synced();

        assertThat(home.after(cursor)).containsExactly(List.of("public.b"));
        assertThat(home.count("perigee.home.feed.eras")).isZero();
    }

    @Test
    void confirmsLate() {
        begin();
        Home home = new Home("h_1", durable(Duration.ofMillis(500))).start();
        server.run("INSERT INTO a VALUES (1)");
        long position = position();
        awaitSlot("confirmed_flush_lsn - '0/0' >= " + position);
        home.feed.stop();
        awaitSlot("NOT active");

        Home patient = new Home("h_1", durable(RETAIN)).start();
        long start = patient.log.current().start();
        server.run("INSERT INTO a VALUES (2)");
        patient.synced();
        patient.feed.stop();
        awaitSlot("NOT active AND confirmed_flush_lsn - '0/0' = " + (start + 1));
    }

    /**
     * Its commit is below where the next home reads on, so that it is told of by nobody, and the snapshots do not name it,
     * since no later transaction has ended: a row read now would be kept until its time is over.
     */
    @Test
    void theGateKnowsOfACommitThatWaitsForItsStandbyAndIsTheLastOfAll() throws Exception {
        begin();
        Home before = new Home("h_1", durable(Duration.ZERO)).start();
        server.run("ALTER SYSTEM SET synchronous_standby_names = 'missing'", "SELECT pg_reload_conf()");
        await().atMost(TIMEOUT)
                .until(() -> server.ask("SHOW synchronous_standby_names").equals(List.of("missing")));
        Thread writer = new Thread(() -> server.run("INSERT INTO a VALUES (1)"));
        writer.start();
        await().atMost(TIMEOUT).until(() -> waitingForAStandby() == 1);
        long commit = position();
        awaitSlot("confirmed_flush_lsn - '0/0' >= " + commit);
        before.feed.stop();
        awaitSlot("NOT active");

        Home after = new Home("h_1", durable(RETAIN));
        after.feed.start();
        await().atMost(TIMEOUT)
                .until(() -> after.feed.connected() && after.feed.age().compareTo(TIMEOUT) < 0);
        assertThat(after.log.current().start()).isGreaterThanOrEqualTo(commit - 1);
        assertThat(waitingForAStandby()).isEqualTo(1);
        assertThat(server.ask("SELECT count(*) FROM a")).containsExactly("0");
        assertThat(after.gate.read()).isNull();

        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM RESET synchronous_standby_names");
            statement.execute("SELECT pg_reload_conf()");
        }
        writer.join();
        await().atMost(TIMEOUT).until(() -> after.gate.read() != null);
        assertThat(server.ask("SELECT count(*) FROM a")).containsExactly("1");
    }

    private int waitingForAStandby() {
        return Integer.parseInt(server.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                .get(0));
    }

    @Test
    void aSecondHomeWithTheSameIdWaitsForTheFirst(CapturedOutput output) {
        begin();
        Home first = new Home("h_1", durable(RETAIN)).start();
        Home second = new Home("h_1", durable(RETAIN));
        second.feed.start();
        await().atMost(TIMEOUT).until(() -> output.getOut().contains("slot perigee_h_1 is in use by server process"));
        assertThat(second.feed.connected()).isFalse();
        assertThat(first.feed.connected()).isTrue();

        first.feed.stop();
        second.synced();
    }

    @Test
    void aLostSlotIsMadeAnewAndEverythingFlushedOnce() {
        begin("max_slot_wal_keep_size", "1MB", "min_wal_size", "32MB", "max_wal_size", "32MB");
        Home home = new Home("h_1", durable(RETAIN)).start();
        home.feed.stop();
        awaitSlot("NOT active");
        long cursor = home.log.current().head();
        for (int i = 0; i < 4; i++) {
            server.run("INSERT INTO a VALUES (" + i + ")", "SELECT pg_switch_wal()", "CHECKPOINT");
        }
        awaitSlot("wal_status = 'lost'");

        home.start();

        assertThat(home.count("perigee.home.slot.lost")).isEqualTo(1);
        assertThat(home.count("perigee.home.feed.eras")).isEqualTo(1);
        assertThat(home.feed.slotsLost()).isEqualTo(1);
        assertThat(home.after(cursor)).containsExactly(List.of());
        awaitSlot("slot_name = 'perigee_h_1' AND active AND wal_status = 'reserved'");
    }

    @Test
    void aRestartOfTheServerKeepsTheSlotAndIsANewEpoch() {
        begin();
        Home home = new Home("h_1", durable(RETAIN)).start();
        String epoch = home.log.current().epoch();
        server.restart();
        await().atMost(TIMEOUT).until(() -> !home.log.current().epoch().equals(epoch));
        home.synced();
        assertThat(home.count("perigee.home.feed.eras")).isEqualTo(1);
        assertThat(home.count("perigee.home.slot.lost")).isZero();
    }

    @Test
    void slotsThatOthersHaveLeftBehindAreReportedAndDropped() {
        begin();
        server.run(
                "SELECT pg_create_logical_replication_slot('perigee_gone', 'pgoutput')",
                "SELECT pg_create_logical_replication_slot('somebody', 'pgoutput')",
                "SELECT pg_create_logical_replication_slot('perigee_other', 'test_decoding')",
                "CREATE DATABASE other");
        SlotProperties soon = new SlotProperties(false, Duration.ZERO, Duration.ofMillis(10), false);
        Home home = new Home("h_1", soon).start();
        await().atMost(TIMEOUT).until(() -> home.feed.abandonedSlots().equals(List.of("perigee_gone")));
        assertThat(home.metrics.get("perigee.home.slot.abandoned").gauge().value())
                .isEqualTo(1);
        assertThat(home.feed.slot().durable()).isFalse();
        Home dropping = new Home("h_2", new SlotProperties(false, Duration.ZERO, Duration.ofMillis(10), true)).start();
        await().atMost(TIMEOUT)
                .until(() -> server.ask("SELECT slot_name FROM pg_replication_slots WHERE NOT temporary ORDER BY 1")
                        .equals(List.of("perigee_other", "somebody")));
        await().atMost(TIMEOUT)
                .until(() -> home.feed.abandonedSlots().isEmpty()
                        && dropping.feed.abandonedSlots().isEmpty());
    }
}

package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.database.Publication;
import dev.perigee.home.database.TestServer;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.log.LogRecord;
import dev.perigee.model.InvalidationEvent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

class WalFeedTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private TestServer server;
    private final InvalidationLog log = new InvalidationLog();
    private final VisibilityGate gate = new VisibilityGate();
    private final ControlChannel control = new ControlChannel();
    private final List<InvalidationEvent> events = new CopyOnWriteArrayList<>();
    private WalFeed feed;
    private Publication publication;
    private long cursor;

    @BeforeEach
    void start() {
        server = TestServer.start();
        server.run(
                "CREATE TABLE a (id int PRIMARY KEY, note text)",
                "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE)",
                "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
                "CREATE FUNCTION touch_b() RETURNS trigger LANGUAGE plpgsql AS"
                        + " 'BEGIN UPDATE b SET a = a; RETURN NULL; END'",
                "CREATE FUNCTION write_a(int) RETURNS void LANGUAGE sql AS 'INSERT INTO a VALUES ($1)'");
        server.installTrigger();
        publication = server.publication();
        publication.start();
        feed = WalConfiguration.feed(
                server.connections(),
                publication,
                log,
                gate,
                control,
                new HomeId("test"),
                new FeedProperties(Duration.ofMillis(100), TIMEOUT, Duration.ofSeconds(5)),
                new SlotProperties(false, Duration.ZERO, Duration.ofHours(1), false),
                new SimpleMeterRegistry());
        log.onChange(this::collect);
        feed.start();
        connected();
    }

    @AfterEach
    void stop() {
        feed.stop();
        publication.stop();
        server.close();
    }

    private void connected() {
        await().atMost(TIMEOUT)
                .until(() ->
                        feed.connected() && gate.read() != null && feed.age().compareTo(TIMEOUT) < 0);
        synced();
    }

    private void collect() {
        LogRecord next;
        while ((next = log.current().after(cursor)) != null) {
            cursor = next.event().upToVersion();
            events.add(next.event());
        }
    }

    /** Everything written so far has been decoded. */
    private void synced() {
        long now = Long.parseLong(server.ask("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
                .get(0));
        await().atMost(TIMEOUT)
                .until(() -> log.current() != null && log.current().head() >= now - 1);
    }

    private List<List<String>> tablesOf(String... statements) {
        synced();
        events.clear();
        server.run(statements);
        synced();
        List<List<String>> tables = new ArrayList<>();
        events.forEach(event -> tables.add(event.tables()));
        return tables;
    }

    @Test
    void seesEveryKindOfWriter() throws Exception {
        assertThat(tablesOf("INSERT INTO a VALUES (1)")).containsExactly(List.of("public.a"));
        assertThat(tablesOf("SELECT write_a(2)")).containsExactly(List.of("public.a"));
        assertThat(tablesOf("INSERT INTO b VALUES (1, 1)")).containsExactly(List.of("public.b"));
        assertThat(tablesOf("DELETE FROM a WHERE id = 1")).containsExactly(List.of("public.a", "public.b"));
        assertThat(tablesOf("BEGIN; INSERT INTO a VALUES (3); INSERT INTO p VALUES (1); COMMIT"))
                .containsExactly(List.of("public.a", "public.p"));
        assertThat(tablesOf("BEGIN; INSERT INTO a VALUES (4); ROLLBACK")).isEmpty();
        assertThat(tablesOf("TRUNCATE p1")).containsExactly(List.of("public.p"));
        assertThat(tablesOf("UPDATE p1 SET id = 2")).isEmpty();
        assertThat(tablesOf("TRUNCATE a, b")).containsExactly(List.of("public.a", "public.b"));
        try (Connection connection = server.connect()) {
            events.clear();
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY a FROM STDIN", new java.io.StringReader("7\tx\n"));
        }
        synced();
        assertThat(events).singleElement().extracting(InvalidationEvent::tables).isEqualTo(List.of("public.a"));
    }

    /** The server does not describe a table again because another one has come. */
    @Test
    void knowsATableAfterTheCatalogHasChangedElsewhere() {
        assertThat(tablesOf("INSERT INTO a VALUES (1)")).containsExactly(List.of("public.a"));
        assertThat(tablesOf("CREATE TABLE elsewhere (id int)")).containsExactly(List.of());
        assertThat(tablesOf("INSERT INTO a VALUES (2)")).containsExactly(List.of("public.a"));
        assertThat(tablesOf("INSERT INTO p VALUES (3)")).containsExactly(List.of("public.p"));
    }

    /** Where the message ends, the commit record begins: were the message's end taken for known, the commit would be. */
    @Test
    void seesACommitRightBehindAMessage() throws Exception {
        synced();
        events.clear();
        try (Connection writer = server.connect();
                Statement statement = writer.createStatement()) {
            writer.setAutoCommit(false);
            for (int id = 1; id <= 50; id++) {
                statement.execute("INSERT INTO a VALUES (" + id + ")");
                server.run("SELECT pg_logical_emit_message(false, 'somebody', 'else', true)");
                writer.commit();
            }
        }
        synced();
        assertThat(events.stream().map(InvalidationEvent::tables).filter(List.of("public.a")::equals))
                .hasSize(50);
    }

    @Test
    void triggersCountToo() {
        server.run(
                "INSERT INTO a VALUES (1)",
                "INSERT INTO b VALUES (1, 1)",
                "CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION touch_b()");
        assertThat(tablesOf("UPDATE a SET note = 'x'")).containsExactly(List.of("public.a", "public.b"));
    }

    @Test
    void ddlConcernsEveryTableUnlessItCannotChangeAnAnswer() {
        for (String sql : List.of(
                "CREATE VIEW v AS SELECT 1",
                "ALTER TABLE a ADD extra int",
                "DROP VIEW v",
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "DROP FUNCTION f()",
                "GRANT SELECT ON a TO public",
                "CREATE SCHEMA s",
                "DROP SCHEMA s",
                "ALTER PUBLICATION perigee DROP TABLE ONLY b")) {
            assertThat(tablesOf(sql)).as(sql).isNotEmpty().first().isEqualTo(List.of());
            // The publication is looked at again; let that settle.
            await().atMost(TIMEOUT)
                    .until(() -> server.ask("SELECT count(*) FROM pg_publication_rel")
                            .equals(List.of("3")));
            synced();
        }
        for (String sql : List.of(
                "CREATE INDEX i ON a (note)",
                "DROP INDEX i",
                "COMMENT ON TABLE a IS 'x'",
                "ANALYZE a",
                "CREATE STATISTICS st ON id, note FROM a",
                "DROP STATISTICS st",
                "CREATE TEMP TABLE t1 (id serial PRIMARY KEY, x text DEFAULT 'y' UNIQUE); CREATE INDEX ON t1 (x);"
                        + " ALTER TABLE t1 ADD z int; DROP TABLE t1",
                "CREATE TEMP TABLE t2 AS SELECT * FROM a",
                "SELECT * INTO TEMP t3 FROM a",
                "BEGIN; CREATE TEMP TABLE t4 (id int) ON COMMIT DROP; INSERT INTO t4 VALUES (1); COMMIT")) {
            assertThat(tablesOf(sql)).as(sql).isEmpty();
        }
    }

    @Test
    void aNewTableIsPublishedAndFollowed() {
        server.run("CREATE TABLE fresh (id int PRIMARY KEY)");
        await().atMost(TIMEOUT)
                .until(() -> server.ask("SELECT tablename FROM pg_publication_tables WHERE tablename = 'fresh'")
                                .size()
                        == 1);
        assertThat(tablesOf("INSERT INTO fresh VALUES (1)")).contains(List.of("public.fresh"));
    }

    @Test
    void manualInvalidationsComeBackWithTheirVersion() {
        events.clear();
        Long version = feed.invalidate(List.of("public.b", "public.a")).block(TIMEOUT);
        assertThat(events).singleElement().satisfies(event -> {
            assertThat(event.upToVersion()).isEqualTo(version);
            assertThat(event.tables()).containsExactly("public.a", "public.b");
        });
        assertThat(tablesOf("SELECT pg_logical_emit_message(true, 'perigee.invalidate', 'garbage')"))
                .containsExactly(List.of());
    }

    @Test
    void aLostSlotMeansThatEverythingMayHaveChanged() {
        String epoch = log.current().epoch();
        synced();
        events.clear();
        assertThat(server.ask("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"))
                .containsExactly("t");
        await().atMost(TIMEOUT).until(() -> !events.isEmpty());
        connected();
        assertThat(log.current().epoch()).isEqualTo(epoch);
        assertThat(events.get(0).concernsAllTables()).isTrue();
        assertThat(tablesOf("INSERT INTO a VALUES (1)")).containsExactly(List.of("public.a"));
        assertThat(server.ask("SELECT count(*) FROM pg_replication_slots")).containsExactly("1");
    }

    @Test
    void theGateWaitsForACommitThatIsDecodedButNotVisible() throws Exception {
        server.run(
                "INSERT INTO a VALUES (1, 'old')",
                "ALTER SYSTEM SET synchronous_standby_names = 'missing'",
                "SELECT pg_reload_conf()");
        synced();
        await().atMost(TIMEOUT).until(() -> gate.pending() == 0);
        events.clear();
        Thread writer = new Thread(() -> server.run("UPDATE a SET note = 'new'"));
        writer.start();
        await().atMost(TIMEOUT).until(() -> !events.isEmpty());
        long commit = events.get(0).upToVersion();
        synced();
        assertThat(gate.read().version()).isLessThan(commit);
        assertThat(server.ask("SELECT note FROM a")).containsExactly("old");
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM RESET synchronous_standby_names");
            statement.execute("SELECT pg_reload_conf()");
        }
        await().atMost(TIMEOUT).until(() -> gate.read().version() >= commit);
        assertThat(server.ask("SELECT note FROM a")).containsExactly("new");
        writer.join();
    }

    @Test
    void closesTheGateWhenStopped() {
        feed.stop();
        await().atMost(TIMEOUT).until(() -> gate.read() == null);
        await().atMost(TIMEOUT)
                .until(() ->
                        server.ask("SELECT count(*) FROM pg_replication_slots").equals(List.of("0")));
    }

    @Test
    void aRestartIsAnotherEpoch() {
        String epoch = log.current().epoch();
        server.restart();
        await().atMost(TIMEOUT).until(() -> !log.current().epoch().equals(epoch));
        cursor = 0;
        connected();
        assertThat(tablesOf("INSERT INTO a VALUES (1)")).containsExactly(List.of("public.a"));
    }

    @Test
    void noticesAServerThatFallsSilent() throws Exception {
        feed.stop();
        feed = WalConfiguration.feed(
                server.connections(),
                publication,
                log,
                gate,
                control,
                new HomeId("test"),
                new FeedProperties(Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(5)),
                new SlotProperties(false, Duration.ZERO, Duration.ofHours(1), false),
                new SimpleMeterRegistry());
        feed.start();
        connected();
        events.clear();
        String sender = server.ask("SELECT active_pid FROM pg_replication_slots WHERE active ORDER BY 1 DESC")
                .get(0);
        new ProcessBuilder("kill", "-STOP", sender).start().waitFor();
        try {
            await().atMost(TIMEOUT).until(() -> !events.isEmpty());
        } finally {
            new ProcessBuilder("kill", "-CONT", sender).start().waitFor();
        }
        assertThat(events.get(0).concernsAllTables()).isTrue();
        connected();
    }
}

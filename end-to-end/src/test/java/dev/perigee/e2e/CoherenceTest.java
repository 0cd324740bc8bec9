package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.PGConnection;

/** Whoever writes, and however: every edge drops what is stale, keeps what is not, and never shows a row too old. */
class CoherenceTest {

    private static Postgres postgres;
    private static Fleet fleet;

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql(
                "CREATE TABLE item (id int PRIMARY KEY, name text, qty int)",
                "INSERT INTO item SELECT n, 'item ' || n, n FROM generate_series(1, 10) n",
                "CREATE TABLE other (id int PRIMARY KEY, note text)",
                "INSERT INTO other VALUES (1, 'untouched')",
                "CREATE VIEW cheap AS SELECT id, name FROM item WHERE qty < 5",
                "CREATE TABLE source (id int PRIMARY KEY)",
                "CREATE TABLE audit (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, source_id int)",
                "CREATE FUNCTION audit_it() RETURNS trigger LANGUAGE plpgsql AS "
                        + "'BEGIN INSERT INTO audit (source_id) VALUES (NEW.id); RETURN NEW; END'",
                "CREATE TRIGGER audit_it AFTER INSERT ON source FOR EACH ROW EXECUTE FUNCTION audit_it()",
                "CREATE TABLE parent (id int PRIMARY KEY)",
                "CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent ON DELETE CASCADE)",
                "INSERT INTO parent VALUES (1), (2)",
                "INSERT INTO child VALUES (1, 1), (2, 2)",
                "CREATE FUNCTION rename_item(int, text) RETURNS void LANGUAGE sql AS "
                        + "'UPDATE item SET name = $2 WHERE id = $1'",
                "CREATE TABLE event (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
                "CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
                "INSERT INTO event VALUES (1, '2026-05-01')");
        fleet = new Fleet(postgres);
        fleet.launchHome(Fleet.HOME);
        fleet.launchEdge("edge-1");
        fleet.launchEdge("edge-2");
        fleet.awaitInStep("edge-1", "edge-2");
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }

    /** One way to change what a statement reads, and whom it concerns. */
    private interface Change {
        void make() throws Exception;
    }

    private static Arguments change(String what, String read, Change change) {
        return Arguments.of(what, read, change);
    }

    static Stream<Arguments> writers() {
        String count = "SELECT count(*) FROM item";
        return Stream.of(
                change(
                        "through an edge",
                        "SELECT name FROM item WHERE id = 1",
                        () -> assertThat(fleet.query("edge-2", "UPDATE item SET name = 'by edge' WHERE id = $1", 1)
                                        .status())
                                .isEqualTo(200)),
                change(
                        "through home",
                        "SELECT name FROM item WHERE id = 2",
                        () -> assertThat(Http.query(fleet.home(), "UPDATE item SET name = 'by home' WHERE id = $1", 2)
                                        .status())
                                .isEqualTo(200)),
                change(
                        "plain SQL",
                        "SELECT name FROM item WHERE id = 3",
                        () -> postgres.sql("UPDATE item SET name = 'by psql' WHERE id = 3")),
                change("a trigger", "SELECT count(*) FROM audit", () -> postgres.sql("INSERT INTO source VALUES (1)")),
                change(
                        "a cascade",
                        "SELECT count(*) FROM child",
                        () -> postgres.sql("DELETE FROM parent WHERE id = 1")),
                change("COPY", count, CoherenceTest::copy),
                change(
                        "a function",
                        "SELECT name FROM item WHERE id = 4",
                        () -> postgres.sql("SELECT rename_item(4, 'by function')")),
                change(
                        "a partition's root",
                        "SELECT count(*) FROM event",
                        () -> postgres.sql("INSERT INTO event VALUES (2, '2026-06-01')")),
                change(
                        "a partition itself",
                        "SELECT count(*) FROM event",
                        () -> postgres.sql("INSERT INTO event_2026 VALUES (3, '2026-07-01')")),
                change(
                        "the root, seen through a partition",
                        "SELECT count(*) FROM event_2026",
                        () -> postgres.sql("INSERT INTO event VALUES (4, '2026-08-01')")),
                change(
                        "TRUNCATE of a partition",
                        "SELECT count(*) FROM event",
                        () -> postgres.sql("TRUNCATE event_2026")),
                change(
                        "a view's base table",
                        "SELECT count(*) FROM cheap",
                        () -> postgres.sql("UPDATE item SET qty = 100 WHERE id = 1")),
                change(
                        "an API transaction over two tables",
                        "SELECT note FROM other WHERE id = 1",
                        () -> assertThat(Http.post(fleet.edge("edge-1").resolve("/api/transaction"), Fleet.CLIENT, """
                                                {"statements":[{"sql":"UPDATE item SET qty = qty + 1 WHERE id = 5"},
                                                {"sql":"UPDATE other SET note = $1 WHERE id = 1","params":["touched"]}]}""")
                                        .status())
                                .isEqualTo(200)),
                change(
                        "a plain transaction over several tables, seen in the first",
                        "SELECT note FROM other WHERE id = 2",
                        () -> postgres.sql("BEGIN; INSERT INTO other VALUES (2, 'two'); INSERT INTO source VALUES (2);"
                                + " UPDATE item SET qty = 0 WHERE id = 6; COMMIT")),
                change(
                        "a plain transaction over several tables, seen in the last",
                        "SELECT qty FROM item WHERE id = 7",
                        () -> postgres.sql("BEGIN; INSERT INTO other VALUES (3, 'three');"
                                + " UPDATE item SET qty = 0 WHERE id = 7; COMMIT")),
                change("DDL", "SELECT * FROM other", () -> postgres.sql("ALTER TABLE other ADD COLUMN more int")),
                change("TRUNCATE", count, () -> postgres.sql("TRUNCATE item")));
    }

    private static void copy() throws SQLException, IOException {
        try (Connection connection = postgres.connect()) {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("COPY item FROM STDIN", new StringReader("901\tcopied\t1\n902\tcopied\t2\n"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("writers")
    void everyEdgeDropsWhatAWriterMadeStale(String what, String read, Change change) throws Exception {
        fleet.warm("edge-1", read);
        Answer before = fleet.warm("edge-2", read);

        change.make();

        fleet.awaitGone("edge-1", read);
        fleet.awaitGone("edge-2", read);
        Answer truth = Http.query(fleet.home(), read);
        assertThat(truth.body()).as("the change shows").isNotEqualTo(before.body());
        assertThat(fleet.query("edge-1", read).body()).isEqualTo(truth.body());
        assertThat(fleet.warm("edge-2", read).body()).isEqualTo(truth.body());
    }

    @Test
    void aWriteLeavesOtherTablesInTheCache() throws Exception {
        postgres.sql("CREATE TABLE calm (id int PRIMARY KEY)", "CREATE TABLE busy (id int PRIMARY KEY)");
        fleet.warmAll("edge-1", "SELECT * FROM calm", "SELECT * FROM busy");

        postgres.sql("INSERT INTO busy VALUES (1)");

        fleet.awaitGone("edge-1", "SELECT * FROM busy");
        assertThat(fleet.query("edge-1", "SELECT * FROM calm").isHit()).isTrue();
    }

    @Test
    void aRollbackInvalidatesNothing() throws Exception {
        postgres.sql("CREATE TABLE rolled (id int PRIMARY KEY)", "CREATE TABLE marker (id int PRIMARY KEY)");
        fleet.warmAll("edge-1", "SELECT * FROM rolled", "SELECT * FROM marker");

        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("INSERT INTO rolled VALUES (1)");
            connection.rollback();
        }
        postgres.sql("INSERT INTO marker VALUES (1)");

        fleet.awaitGone("edge-1", "SELECT * FROM marker");
        assertThat(fleet.query("edge-1", "SELECT * FROM rolled").isHit()).isTrue();
    }

    @Test
    void aTransactionIsAllOrNothing() throws Exception {
        postgres.sql("CREATE TABLE ledger (id int PRIMARY KEY)");
        Answer answer = Http.post(fleet.edge("edge-1").resolve("/api/transaction"), Fleet.CLIENT, """
                {"statements":[{"sql":"INSERT INTO ledger VALUES (1)"},{"sql":"INSERT INTO ledger VALUES (1)"}]}""");
        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.code()).isEqualTo("constraint-violation");
        assertThat(postgres.query("SELECT count(*) FROM ledger")).isEqualTo("0");
    }

    @Test
    void aReadThatCarriesAWritesVersionSeesIt() throws Exception {
        postgres.sql("CREATE TABLE mine (id int PRIMARY KEY, n int)", "INSERT INTO mine VALUES (1, 0)");
        String read = "SELECT n FROM mine WHERE id = 1";
        fleet.warm("edge-2", read);
        for (int n = 1; n <= 50; n++) {
            Answer write = fleet.query("edge-1", "UPDATE mine SET n = $1 WHERE id = 1", n);
            assertThat(write.version()).isNotEmpty();
            Answer answer = Http.queryMin(fleet.edge("edge-2"), write.version(), read);
            assertThat(answer.column())
                    .as("written %s, read %s %s", write.version(), answer.version(), answer.cacheStatus())
                    .containsExactly(String.valueOf(n));
        }
    }

    @Test
    void aHitSaysSoAndHowOldItIs() {
        Answer hit = fleet.warm("edge-1", "SELECT 42 AS answer");
        assertThat(hit.cacheStatus()).startsWith("edge-1; hit");
        assertThat(hit.header("Age")).matches("[0-9]+");
        assertThat(hit.header("Perigee-As-Of")).matches("20[0-9-]+T[0-9:.]+Z");
        assertThat(hit.version()).matches("[0-9.]+:[0-9]+");
        assertThat(hit.body())
                .isEqualTo(Http.query(fleet.home(), "SELECT 42 AS answer").body());
    }

    @Test
    void requestDirectivesAreHonoured() throws Exception {
        String read = "SELECT 43";
        assertThat(Http.onlyIfCached(fleet.edge("edge-1"), read).code()).isEqualTo("not-cached");
        fleet.warm("edge-1", read);
        URI edge = fleet.edge("edge-1");
        Answer noCache = Http.send(Http.queryRequest(edge, read)
                .header("Cache-Control", "no-cache")
                .build());
        assertThat(noCache.cacheStatus()).contains("fwd=request");
        Answer fresh = Http.send(Http.queryRequest(edge, read)
                .header("Cache-Control", "max-age=60")
                .build());
        assertThat(fresh.isHit()).isTrue();
        assertThat(Http.queryMin(edge, "nonsense", read).status()).isEqualTo(400);
        assertThat(Http.queryMin(edge, hugeVersion(), read).code()).isEqualTo("version-unknown");
    }

    private static String hugeVersion() {
        String version = Http.query(fleet.home(), "SELECT 1").version();
        return version.substring(0, version.indexOf(':') + 1) + Long.MAX_VALUE;
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void whatMayNotBeCachedSaysWhy(String sql, String reason) {
        Answer first = fleet.query("edge-1", sql);
        assertThat(first.status()).as(first.body()).isEqualTo(200);
        Answer second = fleet.query("edge-1", sql);
        assertThat(second.isHit()).isFalse();
        assertThat(second.header("Perigee-Cacheability")).isEqualTo(reason);
        assertThat(second.cacheStatus()).contains(reason);
    }

    static Stream<Arguments> refusals() throws SQLException {
        postgres.sql(
                "CREATE UNLOGGED TABLE fast (id int PRIMARY KEY)",
                "CREATE MATERIALIZED VIEW mat AS SELECT 1 AS one",
                "CREATE TABLE no_key (id int)",
                "CREATE EXTENSION file_fdw",
                "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
                "CREATE FOREIGN TABLE afar (note text) SERVER files OPTIONS (filename '/dev/null')",
                "CREATE FUNCTION my_fn() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'");
        return Stream.of(
                Arguments.of("UPDATE other SET note = note", "write"),
                Arguments.of("WITH w AS (UPDATE other SET note = note RETURNING id) SELECT * FROM w", "write"),
                Arguments.of("SELECT id FROM other FOR UPDATE", "locking"),
                Arguments.of("SELECT id FROM other FOR KEY SHARE", "locking"),
                Arguments.of("SELECT id FROM other FOR SHARE", "locking"),
                Arguments.of("SELECT id FROM other FOR NO KEY UPDATE", "locking"),
                Arguments.of("SELECT * FROM (SELECT id FROM other FOR UPDATE) x", "locking"),
                Arguments.of("INSERT INTO other VALUES (99, 'x') ON CONFLICT DO NOTHING", "write"),
                Arguments.of("SELECT 'now'::timestamptz", "volatile-function"),
                Arguments.of("SELECT note FROM afar", "foreign-table"),
                Arguments.of("EXPLAIN SELECT id FROM other", "utility"),
                Arguments.of("SELECT now()", "volatile-function"),
                Arguments.of("SELECT random()", "volatile-function"),
                Arguments.of("SELECT current_user", "volatile-function"),
                Arguments.of("SELECT my_fn()", "user-function"),
                Arguments.of("SELECT count(*) FROM pg_class", "system-catalog"),
                Arguments.of("SELECT * FROM fast", "unlogged-table"),
                Arguments.of("SELECT * FROM mat", "materialized-view"),
                Arguments.of("SELECT * FROM no_key", "not-published"),
                Arguments.of("SHOW work_mem", "utility"));
    }

    @Test
    void identicalWritesAreAllCarriedOut() throws Exception {
        postgres.sql("CREATE TABLE counter (id int PRIMARY KEY, n int)", "INSERT INTO counter VALUES (1, 0)");
        List<Answer> answers = Stream.generate(() -> "UPDATE counter SET n = n + 1 WHERE id = 1")
                .limit(40)
                .parallel()
                .map(sql -> fleet.query("edge-1", sql))
                .toList();
        assertThat(answers).allMatch(answer -> answer.status() == 200);
        assertThat(postgres.query("SELECT n FROM counter")).isEqualTo("40");
    }

    @Test
    void aNewTableWithoutAnIdentityIsReportedWithWhatMendsIt() throws Exception {
        postgres.sql("CREATE TABLE keyless (n int)", "INSERT INTO keyless VALUES (1)", "UPDATE keyless SET n = 2");
        Answer tables = Http.get(fleet.home().resolve("/api/tables"), Fleet.ADMIN);
        assertThat(tables.body()).contains("keyless").contains("REPLICA IDENTITY");
        postgres.sql("ALTER TABLE keyless ADD PRIMARY KEY (n)");
        fleet.warm("edge-1", "SELECT n FROM keyless");
    }

    @Test
    void temporaryTablesDoNotFlushTheFleet() throws Exception {
        postgres.sql("CREATE TABLE steady (id int PRIMARY KEY)", "CREATE TABLE marker2 (id int PRIMARY KEY)");
        fleet.warmAll("edge-1", "SELECT * FROM steady", "SELECT * FROM marker2");
        postgres.sql("CREATE TEMP TABLE scratch (id serial PRIMARY KEY, t text)", "CREATE INDEX ON steady ((id + 1))");
        postgres.sql("INSERT INTO marker2 VALUES (1)");
        fleet.awaitGone("edge-1", "SELECT * FROM marker2");
        assertThat(fleet.query("edge-1", "SELECT * FROM steady").isHit()).isTrue();
    }

    /** Readers race with a writer: what they see never goes back, and ends at the truth. */
    @Test
    void readersNeverSeeARowGoBackFurtherThanTheBoundAllows() throws Exception {
        postgres.sql("CREATE TABLE race (id int PRIMARY KEY, n int)", "INSERT INTO race VALUES (1, 0)");
        String read = "SELECT n FROM race WHERE id = 1";
        fleet.warm("edge-1", read);
        Thread writer = new Thread(() -> {
            try (Connection connection = postgres.connect();
                    Statement statement = connection.createStatement()) {
                for (int n = 1; n <= 500; n++) {
                    statement.executeUpdate("UPDATE race SET n = " + n + " WHERE id = 1");
                }
            } catch (SQLException failure) {
                throw new IllegalStateException(failure);
            }
        });
        writer.start();
        int last = 0;
        while (writer.isAlive()) {
            int seen = Integer.parseInt(fleet.query("edge-1", read).column().get(0));
            assertThat(seen).isGreaterThanOrEqualTo(last);
            last = seen;
        }
        writer.join(TimeUnit.SECONDS.toMillis(10));
        await("the truth")
                .atMost(Duration.ofSeconds(30))
                .until(() -> fleet.query("edge-1", read).column().equals(List.of("500")));
        assertThat(fleet.warm("edge-1", read).column()).containsExactly("500");
    }
}

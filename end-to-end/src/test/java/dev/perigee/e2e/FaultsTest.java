package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Things break, one at a time; nothing stale survives, and everything heals by itself. */
@Tag("long")
class FaultsTest {

    private static final String READ_A = "SELECT n FROM a WHERE id = 1";
    private static final String READ_B = "SELECT n FROM b WHERE id = 1";

    private static Postgres postgres;
    private static Fleet fleet;

    @BeforeAll
    static void start() throws IOException {
        postgres = Postgres.start();
        fleet = new Fleet(postgres);
        fleet.launchHome(Fleet.HOME);
        fleet.launchEdge("edge-1");
        fleet.launchEdge("edge-2");
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }

    /** Each test finds the fleet healed from the one before. */
    @BeforeEach
    void setUp() throws SQLException {
        fleet.awaitInStep("edge-1", "edge-2");
        postgres.sql(
                "DROP TABLE IF EXISTS a, b",
                "CREATE TABLE a (id int PRIMARY KEY, n int)",
                "INSERT INTO a VALUES (1, 1)",
                "CREATE TABLE b (id int PRIMARY KEY, n int)",
                "INSERT INTO b VALUES (1, 1)");
    }

    @Test
    void anEdgeThatWasAwayResumesWithoutAFlushAndMissesNothing() throws Exception {
        try (CuttableProxy proxy = new CuttableProxy(fleet.port(Fleet.HOME))) {
            fleet.startEdge("edge-3", proxy.url(), "--perigee.edge.max-staleness=2s");
            fleet.warmAll("edge-3", READ_A, READ_B);

            proxy.cut();
            postgres.sql("UPDATE a SET n = 2 WHERE id = 1");
            // Cut off, the edge serves what it has, as old as its bound allows and not older.
            assertThat(fleet.query("edge-3", READ_B).isHit()).isTrue();
            await("staler than its bound")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> fleet.query("edge-3", READ_A).status() == 502);
            assertThat(fleet.query("edge-3", READ_A).code()).isEqualTo("home-unreachable");
            // The proxy accepts and hangs up: the edge cannot know what became of the write, and says so.
            assertThat(fleet.query("edge-3", "UPDATE a SET n = 3 WHERE id = 1").code())
                    .isEqualTo("outcome-unknown");

            proxy.mend();
            fleet.awaitInStep("edge-3");
            assertThat(fleet.query("edge-3", READ_B).isHit()).as("kept").isTrue();
            assertThat(fleet.query("edge-3", READ_A).column()).containsExactly("2");
        }
    }

    @Test
    void aRestartedHomeAndARestartedEdgeCarryOn() throws Exception {
        fleet.warm("edge-1", READ_A);

        fleet.process(Fleet.HOME).kill();
        assertThat(fleet.query("edge-1", READ_A).isHit())
                .as("while home is down")
                .isTrue();
        postgres.sql("UPDATE a SET n = 2 WHERE id = 1");
        fleet.startHomeAgain();
        fleet.awaitInStep("edge-1");
        fleet.awaitInStep("edge-2");
        await().untilAsserted(
                        () -> assertThat(fleet.query("edge-1", READ_A).column()).containsExactly("2"));
        fleet.warm("edge-1", READ_A);

        fleet.process("edge-2").kill();
        fleet.launchAgain("edge-2");
        fleet.awaitInStep("edge-2");
        fleet.warm("edge-2", READ_A);
        postgres.sql("UPDATE a SET n = 3 WHERE id = 1");
        fleet.awaitGone("edge-1", READ_A);
        fleet.awaitGone("edge-2", READ_A);
    }

    private static int health(URI service, String group) {
        return Http.get(service.resolve("/actuator/health/" + group), null).status();
    }

    @Test
    void aRestartedDatabaseIsANewEpochAndEveryEdgeStartsAfresh() throws Exception {
        String before = fleet.warm("edge-1", READ_A).version();

        postgres.stopServer();
        Answer down = fleet.query("edge-1", "UPDATE a SET n = 9 WHERE id = 1");
        assertThat(down.status()).isIn(502, 503);
        // Ready is who reads the commits. Nobody is to be restarted, and the edge stays where it is asked.
        await().untilAsserted(
                        () -> assertThat(health(fleet.home(), "readiness")).isEqualTo(503));
        assertThat(health(fleet.home(), "liveness")).isEqualTo(200);
        assertThat(health(fleet.edge("edge-1"), "readiness")).isEqualTo(200);
        postgres.startServer();
        postgres.sql("UPDATE a SET n = 2 WHERE id = 1");

        fleet.awaitInStep("edge-1");
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(
                        () -> assertThat(health(fleet.home(), "readiness")).isEqualTo(200));
        await("fresh after the restart").atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            Answer answer = fleet.warm("edge-1", READ_A);
            assertThat(answer.column()).containsExactly("2");
            assertThat(answer.version().split(":", 2)[0]).isNotEqualTo(before.split(":", 2)[0]);
        });
        postgres.sql("UPDATE a SET n = 3 WHERE id = 1");
        fleet.awaitGone("edge-1", READ_A);
    }

    @Test
    void aLostReplicationConnectionMeansEverythingMayHaveChanged() throws Exception {
        fleet.warm("edge-1", READ_A);
        fleet.warm("edge-1", READ_B);
        postgres.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL");
        postgres.sql("UPDATE a SET n = 2 WHERE id = 1");
        fleet.awaitGone("edge-1", READ_A);
        fleet.awaitGone("edge-1", READ_B);
        fleet.awaitInStep("edge-1");
        assertThat(fleet.warm("edge-1", READ_A).column()).containsExactly("2");
    }

    /** The driver receives, and nobody waits: what was received must not stay behind in memory. */
    @Test
    void clientsThatHangUpLeaveNothingBehind() throws Exception {
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            URI service = i % 3 == 0 ? fleet.edge("edge-1") : fleet.home();
            String rows = "FROM generate_series(1, 2000) i WHERE i <> " + i;
            HttpRequest request = i % 2 == 0
                    ? Http.queryRequest(service, "SELECT i, repeat('x', 100) " + rows)
                            .build()
                    : Http.queryRequest(service, "SELECT i, repeat($1, 100) " + rows, "x")
                            .build();
            CompletableFuture<?> answer = Http.CLIENT.sendAsync(request, BodyHandlers.ofString());
            try {
                answer.get(random.nextInt(25_000), TimeUnit.MICROSECONDS);
            } catch (TimeoutException hangUp) {
                answer.cancel(true);
            }
        }
        assertThat(fleet.query("edge-1", READ_A).column()).containsExactly("1");
        Fleet.assertNothingLeaks(fleet.process(Fleet.HOME).log());
        Fleet.assertNothingLeaks(fleet.process("edge-1").log());
        await("every statement was cancelled")
                .until(() -> postgres.query(
                                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series(1, 2000)%'"
                                        + " AND pid <> pg_backend_pid()")
                        .equals("0"));
    }

    @Test
    void bothServicesExitSoonWithStreamsOpen() throws Exception {
        fleet.warm("edge-1", READ_A);
        for (String name : new String[] {Fleet.HOME, "edge-1"}) {
            ServiceProcess process = fleet.process(name);
            ProcessHandle.of(process.pid()).orElseThrow().destroy();
            assertThat(process.awaitExit(Duration.ofSeconds(5))).isEqualTo(143);
            fleet.launchAgain(name);
        }
    }
}

package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Somebody means ill, or is broken in a way that looks like it; the others must not notice. Limits are low, to be reached. */
@Tag("long")
class AbuseTest {

    private static final String READ = "SELECT n FROM fair WHERE id = 1";
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final int STRANGERS = 150;
    private static final String ACTIVE =
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE ";

    private static Postgres postgres;
    private static Fleet fleet;
    private static double attempts;

    private final List<RawSocket> sockets = new ArrayList<>();

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql("CREATE TABLE fair (id int PRIMARY KEY, n int)", "INSERT INTO fair VALUES (1, 1)");
        fleet = new Fleet(postgres);
        String[] limits = {
            "--server.netty.idle-timeout=2s",
            "--perigee.web.request-timeout=2s",
            "--perigee.web.max-strangers=" + STRANGERS,
            "--perigee.security.guesses.refill=5s"
        };
        List<String> ofHome = new ArrayList<>(List.of(limits));
        ofHome.addAll(List.of(
                "--perigee.home.query.statement-timeout=5s",
                "--perigee.home.query.max-result-size=64KB",
                "--perigee.home.edges.liveness=3s",
                "--perigee.home.feed.heartbeat=500ms"));
        fleet.launchHome(Fleet.HOME, ofHome.toArray(String[]::new));
        fleet.launchEdge("edge-1", limits);
        fleet.awaitListening(Fleet.HOME);
        fleet.awaitInStep("edge-1");
        fleet.warm("edge-1", READ);
        // Known from here, so that they are not taken for guesses.
        Http.get(fleet.home().resolve("/api/edge"), Fleet.ADMIN);
        Http.get(fleet.edge("edge-1").resolve("/api/cache"), Fleet.ADMIN);
        Http.query(fleet.home(), READ);
        for (URI service : both()) {
            Fleet.metric(service, "any", "");
        }
        attempts = attempts();
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }

    @AfterEach
    void hangUp() {
        sockets.forEach(RawSocket::close);
        theOthersAreServed();
    }

    private static double attempts() {
        return Fleet.metric(fleet.edge("edge-1"), "perigee_edge_link_attempts_total", "");
    }

    private static List<URI> both() {
        return List.of(fleet.home(), fleet.edge("edge-1"));
    }

    /** A read from memory, one from the database, a write, and the edge has never lost its stream. */
    private static void theOthersAreServed() {
        assertThat(fleet.query("edge-1", READ).status()).isEqualTo(200);
        assertThat(fleet.query("edge-1", "UPDATE fair SET n = n + 1 WHERE id = 1")
                        .status())
                .isEqualTo(200);
        assertThat(Http.query(fleet.home(), READ).status()).isEqualTo(200);
        assertThat(Http.get(fleet.home().resolve("/actuator/health"), null).status())
                .isEqualTo(200);
        assertThat(attempts()).as("the edge has not lost its stream").isEqualTo(attempts);
    }

    private RawSocket open(URI service) {
        RawSocket socket = new RawSocket(service);
        sockets.add(socket);
        return socket;
    }

    private static String head(String line, String token, String more) {
        return line + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + (token == null ? "" : "Authorization: Bearer " + token + "\r\n") + more;
    }

    @Test
    void headersThatNeverEndAreCut() {
        for (URI service : both()) {
            IntStream.range(0, 20).forEach(i -> open(service).send("GET /actuator/health HTTP/1.1\r\nHost: a\r\nX: "));
        }
        awaitCut("x");
    }

    @Test
    void bodiesThatNeverEndAreCut() {
        for (URI service : both()) {
            for (int i = 0; i < 10; i++) {
                open(service).send(head("POST /api/query", Fleet.CLIENT, "Content-Length: 1000\r\n\r\n{"));
                open(service).send(head("POST /api/query", null, "Content-Length: 1000000000\r\n\r\n{"));
                open(service).send(head("POST /api/query", null, "Transfer-Encoding: chunked\r\n\r\n"));
            }
        }
        awaitCut("1\r\n \r\n");
    }

    /** Each of them sends another piece whenever it is looked at, as fast as its like does; and all are cut. */
    private void awaitCut(String piece) {
        theOthersAreServed();
        await("all are cut")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    fleet.query("edge-1", READ);
                    return sockets.stream()
                                    .filter(socket -> !socket.send(piece).ended())
                                    .count()
                            == 0;
                });
    }

    @Test
    void thousandsWhoNeverSayWhoTheyAreTakeNobodysPlace() {
        for (URI service : both()) {
            for (int i = 0; i < 1500; i++) {
                open(service);
                if (i % 500 == 0) {
                    theOthersAreServed();
                }
            }
        }
        theOthersAreServed();
        long left = sockets.stream().filter(socket -> !socket.ended()).count();
        assertThat(left).isLessThanOrEqualTo(2 * STRANGERS);
        await("those too are closed in the end")
                .atMost(PATIENCE)
                .until(() -> sockets.stream().allMatch(RawSocket::ended));
    }

    /** Without reading an answer, without a token: requests must not pile up in the service. */
    @Test
    void requestsThatNobodyWaitsForAreCut() {
        String request = "GET /actuator/health HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(8_000) + "\r\n\r\n";
        byte[] many = request.repeat(50).getBytes(StandardCharsets.ISO_8859_1);
        for (URI service : both()) {
            RawSocket socket = open(service);
            await("cut long before 50 MB").atMost(PATIENCE).until(() -> {
                for (int i = 0; i < 10; i++) {
                    socket.send(many);
                }
                return socket.ended();
            });
        }
    }

    @Test
    void giantsAreRefused() {
        for (URI service : both()) {
            RawSocket header = open(service).send(head("GET /actuator/health", null, "X: " + "x".repeat(20_000)));
            await().atMost(PATIENCE).until(() -> header.received().startsWith("HTTP/1.1 431"));
            RawSocket line = open(service).send("GET /" + "x".repeat(20_000) + " HTTP/1.1\r\n\r\n");
            await().atMost(PATIENCE).until(() -> line.received().startsWith("HTTP/1.1 414"));
            Answer body = Http.post(
                    service.resolve("/api/query"), Fleet.CLIENT, "{\"sql\":\"" + "x".repeat(2_000_000) + "\"}");
            assertThat(body.status()).isEqualTo(413);
            assertThat(body.code()).isEqualTo("payload-too-large");
        }
    }

    @Test
    void deepJsonIsRefused() {
        String deep = "[".repeat(100_000) + "]".repeat(100_000);
        String objects = "{\"a\":".repeat(50_000) + "1" + "}".repeat(50_000);
        for (URI service : both()) {
            for (String json : List.of(deep, objects, "{\"sql\":\"SELECT $1\",\"params\":" + deep + "}")) {
                for (String path : List.of("/api/query", "/api/transaction")) {
                    Answer answer = Http.post(service.resolve(path), Fleet.CLIENT, json);
                    assertThat(answer.status()).isEqualTo(400);
                    assertThat(answer.code()).isEqualTo("invalid-request");
                }
            }
        }
        for (String path : List.of("/api/edge/register", "/api/edge/edge-1/ack")) {
            assertThat(Http.post(fleet.home().resolve(path), Fleet.EDGE, deep).status())
                    .isEqualTo(400);
        }
        assertThat(Http.post(fleet.home().resolve("/api/edge/invalidate"), Fleet.ADMIN, deep)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void guessingTokensIsSlowedDownAndShutsNobodyOut() {
        for (URI service : both()) {
            URI query = service.resolve("/api/query");
            String sql = "{\"sql\":\"SELECT 1\"}";
            Answer refused = await("refused")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> Http.post(query, "guess-" + System.nanoTime(), sql), answer -> answer.status() == 429);
            assertThat(refused.code()).isEqualTo("too-many-attempts");
            assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
            for (int i = 0; i < 200; i++) {
                Http.post(query, "guess-more-" + i, sql);
                // From the same address, with tokens that were accepted from it before.
                assertThat(Http.post(query, Fleet.CLIENT, sql).status()).isEqualTo(200);
            }
            // A good token that comes from there for the first time waits, but not for long once the guessing is over.
            assertThat(Http.get(service.resolve("/api/edge"), Fleet.BOUND).status())
                    .isEqualTo(429);
            await().atMost(PATIENCE)
                    .until(() ->
                            Http.get(service.resolve("/api/edge"), Fleet.BOUND).status() == 403);
            // Another address is another guesser.
            RawSocket other = new RawSocket(service, 2);
            sockets.add(other);
            other.send(head("GET /api/edge", "guess", "Connection: close\r\n\r\n"));
            await().atMost(PATIENCE).until(() -> other.received().startsWith("HTTP/1.1 401"));
        }
    }

    @Test
    void acknowledgementsThatAreReplayedOrForgedChangeNothing() throws Exception {
        try (RawStream stream = RawStream.register(fleet.home(), "replayed", Fleet.EDGE)) {
            long generation = stream.next("hello").data().get("generation").asLong();
            long version = stream.next("reset").data().get("up_to_version").asLong();
            URI ack = fleet.home().resolve("/api/edge/replayed/ack");
            for (int i = 0; i < 200; i++) {
                assertThat(Http.post(ack, Fleet.EDGE, ack(generation, version)).status())
                        .isEqualTo(200);
            }
            // Older than what was acknowledged: a sign of life, nothing is taken back.
            assertThat(Http.post(ack, Fleet.EDGE, ack(generation, 1)).status()).isEqualTo(200);
            assertThat(edge("replayed").json().get("acked_version").asLong()).isEqualTo(version);
            assertThat(Http.post(ack, Fleet.EDGE, ack(generation, Long.MAX_VALUE))
                            .code())
                    .isEqualTo("invalid-request");
            for (long forged : new long[] {generation - 1, generation + 1, Long.MAX_VALUE}) {
                assertThat(Http.post(ack, Fleet.EDGE, ack(forged, version)).code())
                        .isEqualTo("generation-fenced");
            }
            for (String wrong : List.of(ack(0, version), ack(-1, version), ack(generation, -1))) {
                assertThat(Http.post(ack, Fleet.EDGE, wrong).code()).isEqualTo("invalid-request");
            }
        }
        // In somebody else's name.
        String state = edge("edge-1").json().get("acked_version").asString();
        assertThat(Http.post(
                                fleet.home().resolve("/api/edge/edge-1/ack"),
                                Fleet.EDGE,
                                ack(1_000_000, Long.parseLong(state)))
                        .code())
                .isEqualTo("generation-fenced");
        assertThat(edge("edge-1").status()).isEqualTo(200);
    }

    private static String ack(long generation, long version) {
        return "{\"generation\":" + generation + ",\"up_to_version\":" + version + "}";
    }

    private static Answer edge(String id) {
        return Http.get(fleet.home().resolve("/api/edge/" + id), Fleet.ADMIN);
    }

    /** It takes a place, and news are kept for it; it never reads them and never says that it has. */
    @Test
    void aStreamThatIsNotReadIsGivenUp() throws SQLException {
        String body = "{\"edge_id\":\"slow\",\"region\":\"test\",\"base_url\":\"http://127.0.0.1:1\"}";
        open(fleet.home())
                .send(head("POST /api/edge/register", Fleet.EDGE, "Content-Length: " + body.length() + "\r\n\r\n")
                        + body);
        await().atMost(PATIENCE).until(() -> edge("slow").status() == 200);
        for (int i = 0; i < 200; i++) {
            postgres.sql("UPDATE fair SET n = n + 1 WHERE id = 1");
        }
        fleet.awaitAtLeast("edge-1", Integer.parseInt(postgres.query(READ)), READ);
        await("its place is free again")
                .atMost(PATIENCE)
                .until(() -> edge("slow").status() == 404);
    }

    @Test
    void statementsThatRunForEverAreEnded() throws Exception {
        List<CompletableFuture<Answer>> asked = new ArrayList<>();
        for (URI service : both()) {
            for (String sql : List.of(
                    "SELECT pg_sleep(1000)",
                    "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i FROM r) SELECT max(i) FROM r")) {
                asked.add(CompletableFuture.supplyAsync(() -> Http.query(service, sql)));
            }
        }
        theOthersAreServed();
        for (CompletableFuture<Answer> answer : asked) {
            assertThat(answer.get(30, TimeUnit.SECONDS).status()).isEqualTo(504);
            assertThat(answer.join().code()).isEqualTo("statement-timeout");
        }
        awaitNone("%pg_sleep(1000)%");
    }

    @ParameterizedTest
    @ValueSource(strings = {"home", "edge"})
    void statementsOfThoseWhoHaveGoneAreCancelled(String which) throws Exception {
        URI service = which.equals("home") ? fleet.home() : fleet.edge("edge-1");
        String sql = "SELECT pg_sleep(100), '" + which + "'";
        List<CompletableFuture<?>> asked = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            HttpRequest request = Http.queryRequest(service, sql).build();
            asked.add(Http.CLIENT.sendAsync(request, BodyHandlers.ofString()));
        }
        String running = ACTIVE + "'SELECT pg_sleep(100)%" + which + "%'";
        await().atMost(PATIENCE).until(() -> postgres.query(running).equals("5"));
        long before = System.nanoTime();
        asked.forEach(future -> future.cancel(true));
        await().atMost(PATIENCE).until(() -> postgres.query(running).equals("0"));
        assertThat(Duration.ofNanos(System.nanoTime() - before))
                .as("well before the statement timeout, which is 5 s")
                .isLessThan(Duration.ofSeconds(4));
    }

    @Test
    void resultsThatNeverEndAreCutShort() throws Exception {
        for (URI service : both()) {
            for (String sql : List.of(
                    "SELECT generate_series(1, 1000000000)",
                    "SELECT repeat('x', 20000000)",
                    "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT i FROM r")) {
                Answer answer = Http.query(service, sql);
                assertThat(answer.status()).as(answer.body()).isEqualTo(422);
                assertThat(answer.code()).isEqualTo("result-too-large");
            }
        }
        awaitNone("%generate_series(1, 1000000000)%");
    }

    private static void awaitNone(String like) {
        await().atMost(PATIENCE)
                .until(() -> postgres.query(ACTIVE + "'" + like + "'").equals("0"));
    }

    @Test
    void edgeIdsAreNamesAndNothingElse() {
        List<String> ids = List.of(
                "<script>alert(1)</script>",
                "a\\r\\nSet-Cookie: a=b",
                "a\\u0000b",
                "\\u001b[2Jcleared",
                "../../api/home",
                "a\\u202etxt.exe",
                "'; DROP TABLE fair; --",
                "x".repeat(65),
                "");
        for (String id : ids) {
            for (String field : List.of("edge_id", "region", "base_url")) {
                String json = "{\"edge_id\":\"ok\",\"region\":\"r\",\"base_url\":\"http://a\"}"
                        .replaceFirst("(\"" + field + "\":)\"[^\"]*\"", "$1\"" + id.replace("\\", "\\\\") + "\"");
                if (field.equals("region") && id.matches("[ -~]{1,64}") && !id.contains("\\")) {
                    // Printable: it is only shown, and always as JSON.
                    continue;
                }
                Answer answer = Http.post(fleet.home().resolve("/api/edge/register"), Fleet.EDGE, json);
                assertThat(answer.status()).as(json).isEqualTo(400);
                assertThat(answer.code()).isEqualTo("invalid-request");
                assertThat(answer.body()).doesNotContain("<script>").doesNotContain("\u001b");
            }
        }
        for (String path : List.of("%3Cscript%3E", "a%0d%0ab", "%00", "%1b%5b2J")) {
            Answer answer = Http.send(Http.request(fleet.home().resolve("/api/edge/" + path), Fleet.ADMIN)
                    .DELETE()
                    .build());
            assertThat(answer.status()).as(path).isBetween(400, 404);
            assertThat(answer.header("Content-Type")).isNotEqualTo("text/html");
            Answer put = Http.send(Http.request(fleet.home().resolve("/api/edge/" + path + "/cache"), Fleet.ADMIN)
                    .header("Content-Type", "application/json")
                    .PUT(BodyPublishers.ofString("{}"))
                    .build());
            assertThat(put.status()).as(path).isBetween(400, 404);
        }
        assertThat(fleet.process(Fleet.HOME).log().lines())
                .noneMatch(line -> line.chars().anyMatch(c -> c < ' ' && c != '\t'));
    }
}

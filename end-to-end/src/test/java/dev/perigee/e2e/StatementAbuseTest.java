package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holders of a token may ask for and must not get. */
@Tag("long")
class StatementAbuseTest extends AbusedFleet {

    private static final String ACTIVE =
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE ";

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
            assertThat(answer.get(45, TimeUnit.SECONDS).status()).isEqualTo(504);
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
                .as("well before the statement timeout, which is 15 s")
                .isLessThan(Duration.ofSeconds(10));
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
}

package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.model.Hello;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.HttpHeaders;
import org.springframework.test.web.reactive.server.WebTestClient;
import tools.jackson.databind.JsonNode;

class ConsoleHttpTest extends HttpTest {

    @Autowired
    ConsoleStreams consoles;

    private final List<StreamClient> open = new ArrayList<>();

    @AfterEach
    void close() {
        open.forEach(StreamClient::close);
        await().until(() -> consoles.size() == 0);
    }

    private StreamClient console() {
        StreamClient console = StreamClient.console(port, "admin-token");
        open.add(console);
        return console;
    }

    private WebTestClient.ResponseSpec report(String token, String edgeId, Map<String, Object> report) {
        return client(token)
                .post()
                .uri("/api/edge/{id}/report", edgeId)
                .header(HttpHeaders.CONTENT_TYPE, "application/json")
                .bodyValue(report)
                .exchange();
    }

    private static Map<String, Object> reported(long generation, int statements) {
        List<Map<String, Object>> said = new ArrayList<>();
        for (int i = 0; i < statements; i++) {
            said.add(Map.of("sql", "select " + i, "tables", List.of("public.a"), "hits", 10 + i, "entries", 1));
        }
        return Map.of(
                "generation",
                generation,
                "entries",
                List.of(),
                "statements",
                said,
                "misses",
                Map.of("absent", 3),
                "bypasses",
                Map.of("write", 2),
                "partial",
                false);
    }

    private JsonNode get(String path) {
        return json(client("admin-token")
                .get()
                .uri(path)
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody()
                .returnResult()
                .getResponseBodyContent());
    }

    private JsonNode state(StreamClient console) {
        return json(console.await("state").data().getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void showsTheFleetAndWhatIsCommitted() {
        Hello hello = stream("edge-a", null).hello();
        StreamClient console = console();
        JsonNode state = state(console);
        assertThat(state.get("home_id").asString()).isEqualTo("home-1");
        assertThat(state.get("complete").asBoolean()).isTrue();
        JsonNode edge = state.get("edges").get(0);
        assertThat(edge.get("node").get("edge_id").asString()).isEqualTo("edge-a");
        assertThat(edge.get("node").get("generation").asLong()).isEqualTo(hello.generation());
        assertThat(edge.get("confirmed").asLong()).isEqualTo(-1);

        long version = feed.commit("public.shown");
        // What other tests have committed comes first.
        await().until(() -> console.await("invalidations").data().contains("\"version\":" + version));
    }

    @Test
    void theStateFollowsTheFleet() {
        StreamClient edge = stream("edge-a", null);
        Hello hello = edge.hello();
        StreamClient console = console();
        state(console);
        long reset = StreamClient.version(edge.await("reset"));
        acknowledge("edge-a", hello.generation(), reset);
        await().until(() -> state(console).get("edges").get(0).get("confirmed").asLong() >= reset);
        edge.close();
        await().until(() -> state(console).get("edges").isEmpty());
    }

    @Test
    void thereIsRoomForSoManyConsoles() {
        for (int i = 0; i < ConsoleStreams.MOST; i++) {
            console().await("state");
        }
        client("admin-token")
                .get()
                .uri("/api/console/stream")
                .exchange()
                .expectStatus()
                .isEqualTo(503)
                .expectHeader()
                .valueEquals(HttpHeaders.RETRY_AFTER, "5")
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("consoles-exhausted");
        open.get(0).close();
        await().until(() -> consoles.size() < ConsoleStreams.MOST);
        console().await("state");
    }

    @Test
    void edgesAreAskedForReportsOnlyWhileSomebodyWatches() {
        StreamClient edge = stream("edge-a", null);
        Hello hello = edge.hello();
        long reset = StreamClient.version(edge.await("reset"));
        assertThat(asked(hello, reset)).isFalse();
        StreamClient console = console();
        console.await("state");
        await().until(() -> asked(hello, reset));
        // Asked once, it has a few seconds.
        assertThat(asked(hello, reset)).isFalse();
    }

    private boolean asked(Hello hello, long version) {
        JsonNode answer = json(acknowledge("edge-a", hello.generation(), version)
                .expectStatus()
                .isOk()
                .expectBody()
                .returnResult()
                .getResponseBodyContent());
        return answer.path("report").asBoolean(false);
    }

    @Test
    void showsWhatAnEdgeHasReported() {
        Hello hello = stream("edge-b", null).hello();
        assertThat(get("/api/edge/edge-b/report").get("report").isNull()).isTrue();
        report("bound-token", "edge-b", reported(hello.generation(), 50))
                .expectStatus()
                .isNoContent();
        JsonNode shown = get("/api/edge/edge-b/report");
        assertThat(shown.get("received_ago_ms").asLong()).isBetween(0L, 60_000L);
        assertThat(shown.get("report").get("misses").get("absent").asLong()).isEqualTo(3);
        JsonNode statements = get("/api/console/hits").get("statements");
        assertThat(statements.get(0).get("sql").asString()).isEqualTo("select 49");
        assertThat(statements.get(0).get("edges").asInt()).isEqualTo(1);
    }

    @Test
    void refusesReportsThatAreNotAnEdgesOwnOrTooLarge() {
        Hello hello = stream("edge-a", null).hello();
        long generation = hello.generation();
        refused(report("bound-token", "edge-a", reported(generation, 1)), 403, "edge-id-mismatch");
        refused(report("admin-token", "edge-a", reported(generation, 1)), 403, "forbidden");
        refused(report("edge-token", "nobody", reported(generation, 1)), 404, "edge-unknown");
        refused(report("edge-token", "edge-a", reported(generation + 1, 1)), 409, "generation-fenced");
        refused(report("edge-token", "edge-a", reported(generation, 51)), 400, "invalid-request");
        refused(report("edge-token", "edge-a", Map.of("generation", generation)), 400, "invalid-request");
        assertThat(get("/api/edge/edge-a/report").get("report").isNull()).isTrue();
    }

    private static void refused(WebTestClient.ResponseSpec answer, int status, String code) {
        answer.expectStatus().isEqualTo(status).expectBody().jsonPath("$.code").isEqualTo(code);
    }
}

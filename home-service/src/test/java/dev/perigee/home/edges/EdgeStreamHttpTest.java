package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.model.Hello;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import tools.jackson.databind.JsonNode;

class EdgeStreamHttpTest extends HttpTest {

    private static final Map<String, String> EDGE_A =
            Map.of("edge_id", "edge-a", "region", "here", "base_url", "http://edge-a:8081");

    @Test
    void aCommitReachesTheEdge() {
        StreamClient stream = stream("edge-a", null);
        Hello hello = stream.hello();
        assertThat(hello.homeId()).isEqualTo("home-1");
        assertThat(hello.window()).isEqualTo(4);
        assertThat(hello.heartbeatMs()).isEqualTo(400);
        assertThat(stream.take().event()).isEqualTo("eligibility");
        assertThat(stream.take().event()).isEqualTo("reset");
        long version = feed.commit("public.a");
        ServerSentEvent<String> frame = stream.await("invalidate");
        assertThat(frame.id()).isEqualTo(HttpTestApplication.EPOCH + ":" + version);
        JsonNode data = json(frame.data().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(data.get("up_to_version").asLong()).isEqualTo(version);
        assertThat(data.get("tables").get(0).asString()).isEqualTo("public.a");
        assertThat(data.get("committed_at").asString()).endsWith("Z");
        assertThat(StreamClient.version(stream.await("bookmark"))).isEqualTo(version + 5);
    }

    @Test
    void anEdgeResumesWhereItStopped() {
        StreamClient first = stream("edge-a", null);
        first.hello();
        long version = feed.commit("public.a");
        String id = first.await("invalidate").id();
        first.close();
        feed.commit("public.b");
        StreamClient second = stream("edge-a", id);
        assertThat(second.hello().resumedFrom()).isEqualTo(version);
        assertThat(second.take().data()).contains("\"enabled\":true");
        ServerSentEvent<String> next = second.take();
        assertThat(next.event()).isEqualTo("invalidate");
        assertThat(next.data()).contains("public.b");
    }

    @Test
    void acknowledgementsKeepTheWindowMovingAndAreAnswered() {
        StreamClient stream = stream("edge-a", null);
        Hello hello = stream.hello();
        stream.await("bookmark");
        for (int i = 0; i < 20; i++) {
            feed.commit("public.t" + i);
        }
        String last = "public.t19";
        ServerSentEvent<String> frame = stream.await("invalidate");
        while (!frame.data().contains(last)) {
            acknowledge("edge-a", hello.generation(), StreamClient.version(frame))
                    .expectStatus()
                    .isOk();
            frame = stream.await("invalidate");
        }
        JsonNode answer = json(acknowledge("edge-a", hello.generation(), StreamClient.version(frame))
                .expectStatus()
                .isOk()
                .expectBody()
                .returnResult()
                .getResponseBodyContent());
        assertThat(answer.get("up_to_version").asLong()).isEqualTo(log.current().head());
        assertThat(answer.get("feed_age_ms").asLong()).isEqualTo(7);
    }

    @Test
    void theAgeOfAFeedThatNeverBeatIsUnknown() {
        StreamClient stream = stream("edge-a", null);
        Hello hello = stream.hello();
        long reset = StreamClient.version(stream.await("reset"));
        feed.age = Duration.ofSeconds(Long.MAX_VALUE);
        try {
            acknowledge("edge-a", hello.generation(), reset)
                    .expectBody()
                    .jsonPath("$.feed_age_ms")
                    .isEqualTo(Long.MAX_VALUE);
        } finally {
            feed.age = Duration.ofMillis(7);
        }
    }

    @Test
    void anIdleStreamHasAHeartbeat() {
        StreamClient stream = stream("edge-a", null);
        stream.await("bookmark");
        long begun = System.nanoTime();
        stream.await("bookmark");
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .isBetween(Duration.ofMillis(100), Duration.ofSeconds(10));
    }

    @Test
    void theSameStreamByGet() {
        client("edge-token")
                .get()
                .uri("/api/edge/subscribe?edge_id=edge-a&region=here&base_url=http://edge-a:8081")
                .exchange()
                .expectStatus()
                .isOk()
                .expectHeader()
                .contentTypeCompatibleWith(MediaType.TEXT_EVENT_STREAM)
                .returnResult(String.class)
                .getResponseBody()
                .next()
                .block(Duration.ofSeconds(5));
        await().until(() -> registry.find("edge-a") == null);
    }

    @Test
    void aClosedStreamLeavesNothingBehind() {
        StreamClient stream = stream("edge-a", null);
        stream.hello();
        assertThat(registry.find("edge-a")).isNotNull();
        stream.close();
        await().until(() -> registry.find("edge-a") == null);
        acknowledge("edge-a", 1, 1)
                .expectStatus()
                .isNotFound()
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("edge-unknown");
    }

    @Test
    void theNewestSessionOfAnEdgeWins() {
        StreamClient first = stream("edge-a", null);
        Hello old = first.hello();
        StreamClient second = stream("edge-a", null);
        Hello present = second.hello();
        assertThat(first.await("goodbye").data()).contains("\"superseded\"");
        first.awaitEnd();
        assertThat(present.generation()).isGreaterThan(old.generation());
        acknowledge("edge-a", old.generation(), 1)
                .expectStatus()
                .isEqualTo(409)
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("generation-fenced");
        assertThat(registry.require("edge-a").generation()).isEqualTo(present.generation());
    }

    @Test
    void aFullHomeSaysWhenToComeBack() {
        stream("edge-a", null).hello();
        stream("edge-c", null).hello();
        stream("edge-d", null).hello();
        client("edge-token")
                .post()
                .uri("/api/edge/register")
                .bodyValue(Map.of("edge_id", "edge-e", "region", "here", "base_url", "http://edge-e"))
                .exchange()
                .expectStatus()
                .isEqualTo(503)
                .expectHeader()
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .expectHeader()
                .valueEquals(HttpHeaders.RETRY_AFTER, "5")
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("capacity-exceeded");
        assertThat(stream("edge-a", null).hello().generation()).isPositive();
    }

    @Test
    void refusesWhatItCannotUnderstand() {
        registerRefused("{\"edge_id\":\"edge-a\",\"region\":\"here\"", null, 400, "invalid-request");
        registerRefused(
                "{\"edge_id\":\"-\",\"region\":\"here\",\"base_url\":\"http://a\"}", null, 400, "invalid-request");
        registerRefused(
                "{\"edge_id\":\"edge-a\",\"region\":\"here\",\"base_url\":\"http://a\",\"x\":1}",
                null,
                400,
                "invalid-request");
        registerRefused(
                "{\"edge_id\":\"edge-a\",\"region\":\"here\",\"base_url\":\"http://a\"}",
                "nonsense",
                400,
                "invalid-request");
        acknowledgeRefused("{}");
        acknowledgeRefused("{\"generation\":1}");
        acknowledgeRefused("{\"generation\":1,\"up_to_version\":null}");
        acknowledgeRefused("{\"generation\":\"1\",\"up_to_version\":1}");
        acknowledgeRefused("[]");
        acknowledgeRefused("");
        client("edge-token")
                .get()
                .uri("/api/edge/subscribe?edge_id=edge-a&region=here")
                .exchange()
                .expectStatus()
                .isBadRequest()
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("invalid-request");
        assertThat(registry.size()).isZero();
    }

    @Test
    void anAcknowledgementOfWhatWasNeverSentIsRefused() {
        StreamClient stream = stream("edge-a", null);
        Hello hello = stream.hello();
        long reset = StreamClient.version(stream.await("reset"));
        acknowledge("edge-a", hello.generation(), reset).expectStatus().isOk();
        acknowledge("edge-a", hello.generation(), Long.MAX_VALUE)
                .expectStatus()
                .isBadRequest()
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("invalid-request");
    }

    @Test
    void aBoundTokenSpeaksForItsEdgeAlone() {
        client("bound-token")
                .post()
                .uri("/api/edge/register")
                .bodyValue(EDGE_A)
                .exchange()
                .expectStatus()
                .isForbidden()
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("edge-id-mismatch");
        stream("edge-a", null).hello();
        client("bound-token")
                .post()
                .uri("/api/edge/edge-a/ack")
                .bodyValue(Map.of("generation", 1, "up_to_version", 1))
                .exchange()
                .expectStatus()
                .isForbidden()
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("edge-id-mismatch");
        StreamClient bound = StreamClient.open(port, "bound-token", "edge-b", null);
        bound.hello();
        bound.close();
    }

    private void registerRefused(String body, String lastEventId, int status, String code) {
        client("edge-token")
                .post()
                .uri("/api/edge/register")
                .contentType(MediaType.APPLICATION_JSON)
                .headers(headers -> {
                    if (lastEventId != null) {
                        headers.set("Last-Event-ID", lastEventId);
                    }
                })
                .bodyValue(body)
                .exchange()
                .expectStatus()
                .isEqualTo(status)
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo(code);
    }

    private void acknowledgeRefused(String body) {
        client("edge-token")
                .post()
                .uri("/api/edge/edge-a/ack")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(body)
                .exchange()
                .expectStatus()
                .isBadRequest()
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("invalid-request");
    }
}

package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.model.Hello;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.test.web.reactive.server.WebTestClient;

class EdgeAdminHttpTest extends HttpTest {

    private WebTestClient.ResponseSpec invalidate(String query, String body) {
        return client("admin-token")
                .post()
                .uri("/api/edge/invalidate" + query)
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(body)
                .exchange();
    }

    private void refused(String query, String body) {
        invalidate(query, body)
                .expectStatus()
                .isBadRequest()
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("invalid-request");
    }

    @Test
    void listsAndShowsEdges() {
        stream("edge-b", null).hello();
        Hello hello = stream("edge-a", null).hello();
        client("admin-token")
                .get()
                .uri("/api/edge")
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody()
                .jsonPath("$.length()")
                .isEqualTo(2)
                .jsonPath("$[0].edge_id")
                .isEqualTo("edge-a")
                .jsonPath("$[1].edge_id")
                .isEqualTo("edge-b");
        client("admin-token")
                .get()
                .uri("/api/edge/edge-a")
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody()
                .jsonPath("$.region")
                .isEqualTo("here")
                .jsonPath("$.base_url")
                .isEqualTo("http://edge-a:8081")
                .jsonPath("$.generation")
                .isEqualTo(hello.generation())
                .jsonPath("$.registered_at")
                .exists()
                .jsonPath("$.last_seen")
                .exists()
                .jsonPath("$.invalidations_sent")
                .isEqualTo(0)
                .jsonPath("$.stats.hits")
                .isEqualTo(0);
        client("admin-token")
                .get()
                .uri("/api/edge/nobody")
                .exchange()
                .expectStatus()
                .isNotFound()
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("edge-unknown");
    }

    @Test
    void evicts() {
        StreamClient stream = stream("edge-a", null);
        stream.hello();
        client("admin-token")
                .delete()
                .uri("/api/edge/edge-a")
                .exchange()
                .expectStatus()
                .isNoContent();
        assertThat(stream.await("goodbye").data()).contains("\"evicted\"");
        stream.awaitEnd();
        client("admin-token")
                .delete()
                .uri("/api/edge/edge-a")
                .exchange()
                .expectStatus()
                .isNotFound();
    }

    @Test
    void invalidatesTablesByAnyName() {
        StreamClient stream = stream("edge-a", null);
        stream.await("bookmark");
        invalidate("", "{\"tables\":[\"b\",\"public.b\",\"a\"]}")
                .expectStatus()
                .isOk()
                .expectBody()
                .jsonPath("$.tables[0]")
                .isEqualTo("public.a")
                .jsonPath("$.tables.length()")
                .isEqualTo(2)
                .jsonPath("$.sent")
                .isEqualTo(1)
                .jsonPath("$.pruned")
                .isEqualTo(0)
                .jsonPath("$.version")
                .isNumber();
        assertThat(stream.await("invalidate").data()).contains("[\"public.a\",\"public.b\"]");
    }

    @Test
    void invalidatesEverythingOnlyWhenToldSo() {
        StreamClient stream = stream("edge-a", null);
        stream.await("bookmark");
        invalidate("", "{\"all\":true}")
                .expectStatus()
                .isOk()
                .expectBody()
                .jsonPath("$.tables.length()")
                .isEqualTo(0);
        assertThat(stream.await("invalidate").data()).contains("\"tables\":[]");
        long head = log.current().head();
        refused("", "{}");
        refused("", "{\"tables\":[]}");
        refused("", "{\"all\":false}");
        refused("", "{\"all\":true,\"tables\":[\"a\"]}");
        refused("", "{\"all\":true,\"more\":1}");
        refused("", "{\"tables\":[null]}");
        refused("", "{\"tables\":\"a\"}");
        refused("", "{\"all\":true} {}");
        refused("?await=delivered", "{\"all\":true}");
        refused("?timeout=5s", "{\"all\":true}");
        refused("?await=acked&timeout=soon", "{\"all\":true}");
        refused("?await=acked&timeout=0s", "{\"all\":true}");
        refused("?await=acked&timeout=-1s", "{\"all\":true}");
        refused("?await=acked&timeout=61s", "{\"all\":true}");
        refused("?await=acked&timeout=99999999999999999999d", "{\"all\":true}");
        refused("?await=acked&timeout=9999999999999999d", "{\"all\":true}");
        assertThat(log.current().head()).isEqualTo(head);
    }

    @Test
    void namesEveryTableItDoesNotKnow() {
        invalidate("", "{\"tables\":[\"y\",\"a\",\"x\"]}")
                .expectStatus()
                .isEqualTo(422)
                .expectHeader()
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo("table-unknown")
                .jsonPath("$.tables[0]")
                .isEqualTo("x")
                .jsonPath("$.tables[1]")
                .isEqualTo("y");
    }

    @Test
    void awaitsTheConfirmationOfEveryEdge() throws Exception {
        StreamClient quick = stream("edge-a", null);
        Hello hello = quick.hello();
        StreamClient mute = stream("edge-b", null);
        mute.await("bookmark");
        acknowledge("edge-a", hello.generation(), StreamClient.version(quick.await("bookmark")));
        CompletableFuture<Void> acknowledging = CompletableFuture.runAsync(() -> {
            quick.await("invalidate");
            ServerSentEvent<String> bookmark = quick.await("bookmark");
            acknowledge("edge-a", hello.generation(), StreamClient.version(bookmark));
        });
        long begun = System.nanoTime();
        invalidate("?await=acked&timeout=700ms", "{\"tables\":[\"a\"]}")
                .expectStatus()
                .isOk()
                .expectBody()
                .jsonPath("$.sent")
                .isEqualTo(2)
                .jsonPath("$.edges[0].edge_id")
                .isEqualTo("edge-a")
                .jsonPath("$.edges[0].confirmed")
                .isEqualTo(true)
                .jsonPath("$.edges[1].confirmed")
                .isEqualTo(false);
        assertThat(System.nanoTime() - begun).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(700));
        acknowledging.get(5, TimeUnit.SECONDS);
    }

    @Test
    void doesNotWaitForAnEdgeThatDoesNotAcknowledge() {
        StreamClient mute = stream("edge-a", null);
        mute.hello();
        for (int i = 0; i < 10; i++) {
            feed.commit("public.t" + i);
        }
        await().until(() -> registry.require("edge-a").behind());
        invalidate("", "{\"tables\":[\"a\"]}")
                .expectStatus()
                .isOk()
                .expectBody()
                .jsonPath("$.sent")
                .isEqualTo(0);
    }

    @Test
    void prunesOnDemand() {
        stream("edge-a", null).hello();
        client("admin-token")
                .post()
                .uri("/api/edge/prune")
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody()
                .jsonPath("$.pruned.length()")
                .isEqualTo(0);
    }
}

package dev.perigee.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/** A whole edge and two small servers that speak like homes: the stream moves, and an operator's word is followed. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "perigee.auth-token=to-home",
            "perigee.edge.id=edge-1",
            "perigee.edge.interest=public.*",
            "perigee.edge.cache.max-bytes=8MB",
            "perigee.security.tokens[0].name=all",
            "perigee.security.tokens[0].value=the-token",
            "perigee.security.tokens[0].roles=CLIENT,ADMIN",
        })
class EdgeBetweenHomesTest {

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final FakeHome FIRST = new FakeHome("home-1");
    private static final FakeHome SECOND = new FakeHome("home-2");

    @LocalServerPort
    int port;

    @DynamicPropertySource
    static void homes(DynamicPropertyRegistry registry) {
        registry.add("perigee.home-url", () -> FIRST.url() + "/," + SECOND.url());
    }

    @AfterAll
    static void stop() {
        FIRST.server.disposeNow();
        SECOND.server.disposeNow();
    }

    @Test
    void movesWithoutAFlushAndFollowsTheOperator() throws Exception {
        await().untilAsserted(() -> assertThat(call("GET", "/api/cache", null))
                .contains("\"status\":\"streaming\"", "\"home_id\":\"home-1\"", FIRST.url(), "\"enabled\":true"));
        assertThat(FIRST.registrations.get(0)).contains("\"tables\":[\"public.*\"]", "null");
        // Not before home has answered an acknowledgement.
        await().untilAsserted(() -> assertThat(query()).contains("hit"));
        await().untilAsserted(() -> assertThat(FIRST.acks)
                .anyMatch(ack -> ack.contains("\"max_bytes\":8388608,\"staleness_ms\":")
                        && !ack.contains("\"staleness_ms\":null")));

        FIRST.frames.tryEmitNext("event:goodbye\ndata:{\"reason\":\"drain\",\"retry_ms\":60000}\n\n");
        await().untilAsserted(() -> assertThat(call("GET", "/actuator/health", null))
                .contains("\"home_id\":\"home-2\"", SECOND.url(), "\"eligible\":true"));
        assertThat(SECOND.registrations.get(0)).contains("7.1.1:10");
        assertThat(query()).as("resumed, not flushed").contains("hit");
        assertThat(call("GET", "/actuator/prometheus", null))
                .contains("perigee_edge_home_failovers_total 1.0", "perigee_edge_flushes_total 0.0")
                .contains("perigee_edge_resets_total 1.0", "perigee_edge_eligible 1.0");

        SECOND.say(true, "16");
        await().untilAsserted(() ->
                assertThat(call("GET", "/actuator/prometheus", null)).contains("perigee_edge_max_bytes 1.6777216E7"));
        SECOND.say(false, "null");
        await().untilAsserted(() -> assertThat(query()).contains("detail=ineligible"));
        await().untilAsserted(() -> assertThat(call("GET", "/api/cache", null))
                .contains("\"entries\":0", "\"enabled\":false", "\"max_bytes\":8388608"));
        assertThat(call("GET", "/actuator/health", null)).contains("\"eligible\":false", "\"status\":\"UP\"");
        SECOND.say(true, "null");
        await().untilAsserted(() -> assertThat(query()).contains("stored"));
        assertThat(query()).contains("hit");
    }

    private String query() throws Exception {
        HttpResponse<String> answer = send("POST", "/api/query", "{\"sql\":\"select * from users\"}");
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.headers().firstValue("Cache-Status").orElseThrow();
    }

    private String call(String method, String path, String body) throws Exception {
        return send(method, path, body).body();
    }

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(10))
                .header("Authorization", "Bearer the-token")
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Resumes whoever brings a cursor, resets everybody else to 10, and then says what it is told to say. */
    private static final class FakeHome {
        private final String id;
        private final Sinks.Many<String> frames = Sinks.many().multicast().directBestEffort();
        private final List<String> registrations = new CopyOnWriteArrayList<>();
        private final List<String> acks = new CopyOnWriteArrayList<>();
        private final DisposableServer server;

        FakeHome(String id) {
            this.id = id;
            this.server = HttpServer.create()
                    .host("127.0.0.1")
                    .port(0)
                    .route(routes -> routes.post("/api/edge/register", this::register)
                            .post("/api/edge/edge-1/ack", this::acknowledge)
                            .post("/api/query", FakeHome::query))
                    .bindNow();
        }

        String url() {
            return "http://127.0.0.1:" + server.port();
        }

        void say(boolean enabled, String ramMib) {
            frames.tryEmitNext(eligibility(enabled, ramMib));
        }

        private static String eligibility(boolean enabled, String ramMib) {
            return "event:eligibility\ndata:{\"enabled\":" + enabled + ",\"capacity\":{\"ram_mib\":" + ramMib
                    + "}}\n\n";
        }

        private Publisher<Void> register(HttpServerRequest request, HttpServerResponse response) {
            String cursor = request.requestHeaders().get("Last-Event-ID");
            String hello = "event:hello\ndata:{\"generation\":1,\"epoch\":\"7.1.1\",\"home_id\":\"" + id
                    + "\",\"resumed_from\":" + (cursor == null ? "null" : cursor.split(":", -1)[1])
                    + ",\"heartbeat_ms\":1000,\"window\":64}\n\n" + eligibility(true, "null");
            String reset = "id:7.1.1:10\nevent:reset\ndata:{\"up_to_version\":10,\"reason\":\"new\"}\n\n";
            Flux<String> beats = Flux.interval(Duration.ofMillis(500)).map(beat -> ":\n\n");
            return request.receive().aggregate().asString().flatMap(body -> {
                registrations.add(body + cursor);
                return response.header("Content-Type", "text/event-stream")
                        .sendString(
                                Flux.concat(
                                        Mono.just(cursor == null ? hello + reset : hello),
                                        Flux.merge(frames.asFlux(), beats)),
                                StandardCharsets.UTF_8)
                        .then();
            });
        }

        private Publisher<Void> acknowledge(HttpServerRequest request, HttpServerResponse response) {
            return request.receive().aggregate().asString().flatMap(body -> {
                acks.add(body);
                return response.header("Content-Type", "application/json")
                        .sendString(Mono.just("{\"up_to_version\":10,\"feed_age_ms\":5}"))
                        .then();
            });
        }

        private static Publisher<Void> query(HttpServerRequest request, HttpServerResponse response) {
            return request.receive()
                    .aggregate()
                    .then(response.header("Perigee-Cacheability", "cacheable")
                            .header("Perigee-Version", "7.1.1:10")
                            .header("Perigee-Tables", "public.users")
                            .header("Content-Type", "application/json")
                            .sendString(Mono.just("{\"rows\":[]}"))
                            .then());
        }
    }
}

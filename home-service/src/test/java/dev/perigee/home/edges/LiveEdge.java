package dev.perigee.home.edges;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.EdgeReport;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.Eligibility;
import dev.perigee.model.Goodbye;
import dev.perigee.model.Hello;
import dev.perigee.web.WireJson;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** An edge that keeps nothing and acknowledges everything. */
final class LiveEdge {

    final String id;
    final List<String> events = new CopyOnWriteArrayList<>();
    volatile Hello hello;
    volatile Eligibility eligibility;
    volatile Goodbye goodbye;
    volatile String lastId;
    volatile boolean ended;
    volatile Throwable refusal;
    volatile boolean mute;
    volatile EdgeStats stats = new EdgeStats(1, 2, 3, 4, 50, 100L, 20L);

    private final WebClient home;
    private Disposable subscription;

    private LiveEdge(int port, String id) {
        this.id = id;
        this.home = WebClient.builder()
                .baseUrl("http://localhost:" + port)
                .defaultHeaders(headers -> headers.setBearerAuth("edge-token"))
                .build();
    }

    static LiveEdge open(int port, String id, String lastEventId, String... tables) {
        LiveEdge edge = new LiveEdge(port, id);
        edge.lastId = lastEventId;
        Map<String, Object> registration = new HashMap<>();
        registration.put("edge_id", id);
        registration.put("region", "here");
        registration.put("base_url", "http://" + id + ":8081");
        if (tables.length > 0) {
            registration.put("tables", List.of(tables));
        }
        edge.subscription = edge.home
                .post()
                .uri("/api/edge/register")
                .contentType(MediaType.APPLICATION_JSON)
                .headers(headers -> {
                    if (lastEventId != null) {
                        headers.set("Last-Event-ID", lastEventId);
                    }
                })
                .bodyValue(registration)
                .retrieve()
                .bodyToFlux(new ParameterizedTypeReference<ServerSentEvent<String>>() {})
                .concatMap(frame -> edge.apply(frame).thenReturn(frame))
                .doFinally(end -> edge.ended = true)
                .subscribe(frame -> {}, error -> edge.refusal = error);
        return edge;
    }

    private Mono<Void> apply(ServerSentEvent<String> frame) {
        String event = String.valueOf(frame.event());
        switch (event) {
            case Hello.EVENT -> hello = read(frame, Hello.class);
            case Eligibility.EVENT -> eligibility = read(frame, Eligibility.class);
            case Goodbye.EVENT -> goodbye = read(frame, Goodbye.class);
            default -> {}
        }
        events.add(event);
        if (frame.id() == null || mute) {
            return Mono.empty();
        }
        lastId = frame.id();
        return acknowledge();
    }

    private Mono<Void> acknowledge() {
        long version = Long.parseLong(lastId.substring(lastId.indexOf(':') + 1));
        return home.post()
                .uri("/api/edge/{id}/ack", id)
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(
                        WireJson.mapper().writeValueAsString(new Acknowledgement(hello.generation(), version, stats)))
                .retrieve()
                .toBodilessEntity()
                .timeout(Duration.ofSeconds(5))
                .onErrorComplete()
                .then();
    }

    /** Reports as if home had asked. */
    void report(EdgeReport report) {
        home.post()
                .uri("/api/edge/{id}/report", id)
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(WireJson.mapper().writeValueAsString(report))
                .retrieve()
                .toBodilessEntity()
                .block(Duration.ofSeconds(5));
    }

    private static <T> T read(ServerSentEvent<String> frame, Class<T> type) {
        return WireJson.mapper().readValue(frame.data(), type);
    }

    void close() {
        subscription.dispose();
    }
}

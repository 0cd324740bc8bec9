package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.Hello;
import dev.perigee.web.WireJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

/** One open stream, and what has come through it. */
final class StreamClient implements AutoCloseable {

    private static final ServerSentEvent<String> END =
            ServerSentEvent.<String>builder().comment("end").build();

    private final BlockingQueue<ServerSentEvent<String>> frames = new LinkedBlockingQueue<>();
    private volatile Throwable failure;
    private Disposable subscription;

    /** What a console follows. */
    static StreamClient console(int port, String token) {
        return new StreamClient()
                .follow(WebClient.create("http://localhost:" + port)
                        .get()
                        .uri("/api/console/stream")
                        .accept(MediaType.TEXT_EVENT_STREAM)
                        .headers(headers -> headers.setBearerAuth(token)));
    }

    static StreamClient open(int port, String token, String edgeId, String lastEventId) {
        WebClient.RequestBodySpec request = WebClient.create("http://localhost:" + port)
                .post()
                .uri("/api/edge/register")
                .contentType(MediaType.APPLICATION_JSON)
                .accept(MediaType.TEXT_EVENT_STREAM)
                .headers(headers -> headers.setBearerAuth(token));
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        return new StreamClient()
                .follow(request.bodyValue(
                        Map.of("edge_id", edgeId, "region", "here", "base_url", "http://" + edgeId + ":8081")));
    }

    private StreamClient follow(WebClient.RequestHeadersSpec<?> request) {
        subscription = request.retrieve()
                .bodyToFlux(new ParameterizedTypeReference<ServerSentEvent<String>>() {})
                // A queue that blocks has no place on an event loop, and BlockHound would end the stream for it.
                .publishOn(Schedulers.boundedElastic())
                .doOnError(error -> failure = error)
                .doFinally(signal -> frames.add(END))
                .subscribe(frames::add, error -> {});
        return this;
    }

    @Override
    public void close() {
        subscription.dispose();
    }

    ServerSentEvent<String> take() {
        try {
            ServerSentEvent<String> frame = frames.poll(10, TimeUnit.SECONDS);
            assertThat(frame).as("a frame within 10 s").isNotNull();
            return frame;
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** The next frame of this kind, whatever bookmarks come before it. */
    ServerSentEvent<String> await(String event) {
        List<String> skipped = new ArrayList<>();
        for (ServerSentEvent<String> frame = take(); !ended(frame); frame = take()) {
            if (event.equals(frame.event())) {
                return frame;
            }
            skipped.add(frame.event());
        }
        throw new AssertionError("no " + event + " before the end, only " + skipped, failure);
    }

    Hello hello() {
        ServerSentEvent<String> frame = take();
        assertThat(frame.event()).isEqualTo("hello");
        assertThat(frame.id()).isNull();
        return WireJson.mapper().readValue(frame.data(), Hello.class);
    }

    void awaitEnd() {
        while (!ended(take())) {}
    }

    private static boolean ended(ServerSentEvent<String> frame) {
        return "end".equals(frame.comment());
    }

    static long version(ServerSentEvent<String> frame) {
        return Long.parseLong(frame.id().substring(frame.id().indexOf(':') + 1));
    }
}

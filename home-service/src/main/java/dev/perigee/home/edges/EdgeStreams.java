package dev.perigee.home.edges;

import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Goodbye;
import dev.perigee.model.StreamPosition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerResponse;

/** Sessions as streams of Server-Sent Events. Thread-safe. */
final class EdgeStreams {

    private static final MediaType EVENTS = new MediaType(MediaType.TEXT_EVENT_STREAM, StandardCharsets.UTF_8);

    private final Fleet fleet;
    private final EdgeRegistry registry;
    private final Fanout fanout;
    private final Wakeups progress;

    /**
     * Streams of this registry's sessions.
     *
     * @param fanout wakes all streams: the log or the gate has moved, or time has passed
     * @param progress is woken when a stream has ended
     */
    EdgeStreams(Fleet fleet, EdgeRegistry registry, Fanout fanout, Wakeups progress) {
        this.fleet = fleet;
        this.registry = registry;
        this.fanout = fanout;
        this.progress = progress;
    }

    /**
     * A session, and its stream as the answer. The session is registered first, so that a refusal is still an answer, and
     * ends with the stream: of an edge whose socket is closed nothing more can be expected.
     *
     * @param validFor how long the edge may have it, by what it has shown; null if that has no end
     */
    Mono<Void> open(
            EdgeRegistration registration,
            @Nullable StreamPosition resumeFrom,
            @Nullable Duration validFor,
            ServerHttpResponse response) {
        return Mono.defer(() -> {
            HttpServerResponse connection = ServerHttpResponseDecorator.getNativeResponse(response);
            EdgeStream stream = new EdgeStream(connection, fanout);
            // By way of a future: what has made the claim, statements and all, would live as long as the stream.
            Mono<EdgeSession> registered = Mono.fromFuture(
                    () -> fleet.register(registration, resumeFrom, stream::wake).toFuture());
            return registered.flatMap(session -> {
                response.getHeaders().setContentType(EVENTS);
                Disposable expiry = validFor == null
                        ? Disposables.disposed()
                        : Schedulers.parallel()
                                .schedule(
                                        () -> session.close(Goodbye.Reason.AUTH),
                                        validFor.toMillis() + 1,
                                        TimeUnit.MILLISECONDS);
                return response.writeAndFlushWith(stream.body(session)).doFinally(end -> {
                    expiry.dispose();
                    registry.ended(session);
                    progress.wake();
                });
            });
        });
    }
}

package dev.perigee.home.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.Connection;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.http.websocket.WebsocketOutbound;

/**
 * Carries the bytes of one session between a WebSocket and the database, both ways, in binary frames, and understands nothing
 * of them.
 *
 * <p>In each direction one piece is under way at a time: the next is asked for when the one before has been handed to the
 * kernel. So whoever reads slowly slows down the other side, and a tunnel holds no more than a few pieces of at most
 * {@value #MAX_FRAME} bytes.
 *
 * <p>It ends when the client goes: then the database's connection is closed at once. Or it ends for a reason of
 * ours or the database's: then the client is told in a close frame, behind all the bytes that came before.
 */
final class Tunnel {

    /** The most a frame may carry, of whoever sends it. */
    static final int MAX_FRAME = 65_536;

    /** So long the client may take to answer a close frame: what it has under way then need not cost it what we sent. */
    private static final Duration FAREWELL = Duration.ofSeconds(1);

    private static final int MOST_MISSED = 3;

    private static final WebSocketCloseStatus TEXT_REFUSED =
            new WebSocketCloseStatus(WebSocketCloseStatus.INVALID_MESSAGE_TYPE.code(), "binary frames only");
    private static final WebSocketCloseStatus DATABASE_CLOSED =
            new WebSocketCloseStatus(WebSocketCloseStatus.NORMAL_CLOSURE.code(), "the database has closed");
    private static final WebSocketCloseStatus DATABASE_LOST =
            new WebSocketCloseStatus(WebSocketCloseStatus.INTERNAL_SERVER_ERROR.code(), "the database was lost");
    private static final WebSocketCloseStatus SHUTTING_DOWN =
            new WebSocketCloseStatus(WebSocketCloseStatus.ENDPOINT_UNAVAILABLE.code(), "home is shutting down");

    private static final WebSocketCloseStatus EXPIRED =
            new WebSocketCloseStatus(WebSocketCloseStatus.POLICY_VIOLATION.code(), "the token has expired");

    private final Connection database;
    private final Duration pingInterval;
    private final Mono<Void> drained;
    private final Mono<Void> expired;
    private final TunnelMetrics metrics;
    private final Sinks.One<WebSocketCloseStatus> verdict = Sinks.one();
    private volatile boolean over;
    private volatile boolean sendingUp;
    private volatile boolean sendingDown;
    private final AtomicInteger missed = new AtomicInteger();

    /**
     * A tunnel to this connection, which it closes at its end.
     *
     * @param drained completes when every tunnel has to end
     * @param expired completes when what the client has shown is no longer valid
     */
    Tunnel(Connection database, Duration pingInterval, Mono<Void> drained, Mono<Void> expired, TunnelMetrics metrics) {
        this.database = database;
        this.pingInterval = pingInterval;
        this.drained = drained;
        this.expired = expired;
        this.metrics = metrics;
    }

    /** Carries until one side ends. */
    Mono<Void> carry(WebsocketInbound in, WebsocketOutbound out) {
        // Nothing is asked for ahead of time, so that nothing is ever left in a queue.
        Mono<Void> up = in.aggregateFrames(MAX_FRAME)
                .receiveFrames()
                .concatMap(this::toDatabase, 0)
                .then()
                .onErrorComplete();
        Mono<Void> down = database.inbound()
                .receive()
                .takeUntilOther(verdict.asMono())
                .concatMap(bytes -> toClient(out, bytes), 0)
                .then()
                .doOnSuccess(done -> end(DATABASE_CLOSED))
                .onErrorResume(error -> {
                    end(DATABASE_LOST);
                    return Mono.empty();
                });
        Mono<Void> beating = Flux.interval(pingInterval)
                .onBackpressureDrop()
                .concatMap(tick -> beat(out), 0)
                .takeUntil(alive -> !alive)
                .then();
        Mono<Void> leaving = drained.doOnSuccess(drain -> end(SHUTTING_DOWN));
        Mono<Void> expiring = expired.doOnSuccess(expiry -> end(EXPIRED));
        return Mono.firstWithSignal(
                        up,
                        down.then(Mono.never()),
                        leaving.then(Mono.never()),
                        expiring.then(Mono.never()),
                        verdict.asMono().flatMap(status -> farewell(out, status)),
                        beating)
                .doFinally(signal -> {
                    over = true;
                    database.dispose();
                    in.withConnection(Tunnel::close);
                });
    }

    /** The buffer is released by who calls, as soon as this returns; and once more by who writes it. */
    private Mono<Void> toDatabase(WebSocketFrame frame) {
        missed.set(0);
        if (frame instanceof TextWebSocketFrame) {
            end(TEXT_REFUSED);
        }
        if (over || !(frame instanceof BinaryWebSocketFrame)) {
            return Mono.empty();
        }
        ByteBuf bytes = frame.content();
        metrics.toDatabase(bytes.readableBytes());
        sendingUp = true;
        // Whether the database has gone is seen where it is read from, behind what it has said last.
        return database.outbound()
                .sendObject(bytes.retain())
                .then()
                .onErrorComplete()
                .doFinally(signal -> sendingUp = false);
    }

    private Mono<Void> toClient(WebsocketOutbound out, ByteBuf bytes) {
        metrics.fromDatabase(bytes.readableBytes());
        sendingDown = true;
        return out.sendObject(new BinaryWebSocketFrame(bytes.retain())).then().doFinally(signal -> sendingDown = false);
    }

    /**
     * A client that has vanished without a word must not hold a session, and its locks, for ever; and what lies between must
     * see that the connection is in use. Who does not answer because it is held up is not gone.
     */
    private Mono<Boolean> beat(WebsocketOutbound out) {
        if (sendingUp || sendingDown) {
            missed.set(0);
            return Mono.just(true);
        }
        if (missed.incrementAndGet() > MOST_MISSED) {
            return Mono.just(false);
        }
        return out.sendObject(new PingWebSocketFrame()).then().onErrorComplete().thenReturn(true);
    }

    private void end(WebSocketCloseStatus status) {
        over = true;
        verdict.tryEmitValue(status);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // of a connection that is to be closed nothing more is wanted
    private static void close(Connection client) {
        client.channel().close();
    }

    /** The client answers a close frame with one, and by that ends the tunnel; if it does not in time, we do. */
    private static Mono<Void> farewell(WebsocketOutbound out, WebSocketCloseStatus status) {
        Mono<Void> sent = out.sendObject(new CloseWebSocketFrame(status)).then();
        return Mono.firstWithSignal(
                sent.onErrorComplete().then(Mono.never()), Mono.delay(FAREWELL).then());
    }
}

package dev.perigee.edge.pgwire;

import dev.perigee.edge.link.HomeHttp;
import dev.perigee.edge.link.Homes;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.URI;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Through home: over a WebSocket, in whose frames is what would be said to the database itself. Thread-safe. */
final class TunnelUpstream implements Upstream {

    private final Homes homes;
    private final HomeHttp http;
    private final TlsMode mode;
    private final DatabaseTls tls;
    private final Dialer dialer;

    TunnelUpstream(Homes homes, HomeHttp http, TlsMode mode, DatabaseTls tls, Dialer dialer) {
        this.homes = homes;
        this.http = http;
        this.mode = mode;
        this.tls = tls;
        this.dialer = dialer;
    }

    @Override
    public List<Attempt> attempts() {
        return mode.attempts();
    }

    /** At the home that has the stream, or else at the next that can be reached. */
    @Override
    public Future<Connection> connect(EventLoop loop, Attempt attempt) {
        return connect(loop, homes::fromCurrent, attempt);
    }

    /** Every home leads to the same database; but a key that none of our sessions has is none of our business. */
    @Override
    public @Nullable Route routeOfStrangers() {
        return null;
    }

    private Future<Connection> connect(EventLoop loop, Supplier<List<String>> at, Attempt attempt) {
        Promise<Connection> promise = loop.newPromise();
        connect(loop, at.get(), 0, attempt, promise);
        return promise;
    }

    private void connect(EventLoop loop, List<String> at, int index, Attempt attempt, Promise<Connection> promise) {
        if (promise.isDone()) {
            return;
        }
        String home = at.get(index);
        open(loop, home).addListener((Future<Channel> opened) -> {
            if (opened.isSuccess()) {
                Channel channel = opened.getNow();
                Opening.finish(
                        channel,
                        dialer.timeout(),
                        promise,
                        tls.begin(channel, attempt),
                        encrypted ->
                                again -> connect(again, () -> List.of(home), encrypted ? Attempt.TLS : Attempt.PLAIN));
            } else if (index + 1 < at.size()) {
                connect(loop, at, index + 1, attempt, promise);
            } else {
                promise.tryFailure(opened.cause());
            }
        });
    }

    /** A tunnel through this home. */
    private Future<Channel> open(EventLoop loop, String home) {
        URI url = URI.create(home + TunnelHandshake.PATH);
        boolean encrypted = "https".equals(url.getScheme());
        int port = url.getPort() >= 0 ? url.getPort() : encrypted ? 443 : 80;
        Promise<Channel> promise = loop.newPromise();
        dialer.dial(loop, url.getHost(), port).addListener((Future<Channel> dialed) -> {
            if (!dialed.isSuccess()) {
                promise.tryFailure(dialed.cause());
                return;
            }
            Channel channel = dialed.getNow();
            Opening.timed(channel, dialer.timeout(), promise);
            if (encrypted) {
                channel.pipeline().addLast(http.tls().newHandler(channel.alloc(), url.getHost(), port));
            }
            TunnelHandshake.begin(channel, url, http.authorization(), promise);
        });
        return promise;
    }

    @Override
    public String toString() {
        return "home";
    }
}

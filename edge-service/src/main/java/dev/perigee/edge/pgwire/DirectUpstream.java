package dev.perigee.edge.pgwire;

import dev.perigee.edge.pgwire.PgWireProperties.HostAndPort;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.List;

/** Straight to the database, over TCP. Thread-safe. */
final class DirectUpstream implements Upstream {

    private final HostAndPort database;
    private final TlsMode mode;
    private final DatabaseTls tls;
    private final Dialer dialer;

    DirectUpstream(HostAndPort database, TlsMode mode, DatabaseTls tls, Dialer dialer) {
        this.database = database;
        this.mode = mode;
        this.tls = tls;
        this.dialer = dialer;
    }

    @Override
    public List<Attempt> attempts() {
        return mode.attempts();
    }

    @Override
    public Future<Connection> connect(EventLoop loop, Attempt attempt) {
        Promise<Connection> promise = loop.newPromise();
        dialer.dial(loop, database.host(), database.port()).addListener((Future<Channel> dialed) -> {
            if (dialed.isSuccess()) {
                Channel channel = dialed.getNow();
                Opening.finish(channel, dialer.timeout(), promise, tls.begin(channel, attempt), this::route);
            } else {
                promise.tryFailure(dialed.cause());
            }
        });
        return promise;
    }

    private Route route(boolean encrypted) {
        return loop -> connect(loop, encrypted ? Attempt.TLS : Attempt.PLAIN);
    }

    /** Another edge's, perhaps, behind the same load balancer. */
    @Override
    public Route routeOfStrangers() {
        return loop -> connect(loop, attempts().get(0));
    }

    @Override
    public String toString() {
        return database.toString();
    }
}

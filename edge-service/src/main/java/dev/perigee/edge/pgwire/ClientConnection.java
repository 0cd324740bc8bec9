package dev.perigee.edge.pgwire;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;

/** A client's connection, beside the bytes that come over it. For its event loop. */
final class ClientConnection {

    private final Channel channel;
    private final Runnable started;

    ClientConnection(Channel channel, Runnable started) {
        this.channel = channel;
        this.started = started;
    }

    Channel channel() {
        return channel;
    }

    /** Whether it is encrypted. */
    boolean tls() {
        return channel.pipeline().get(SslHandler.class) != null;
    }

    /** The client is authenticated: it is not timed any more, nor closed in favour of others. */
    void started() {
        started.run();
    }
}

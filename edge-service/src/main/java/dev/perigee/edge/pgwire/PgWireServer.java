package dev.perigee.edge.pgwire;

import dev.perigee.edge.InvalidEdgeProperty;
import dev.perigee.edge.pgwire.StartupNegotiation.ServerSide;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Listens for clients that speak PostgreSQL's protocol. */
final class PgWireServer implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(PgWireServer.class);

    private static final int BACKLOG = 1024;
    /** How long sessions may take to say goodbye. */
    private static final int GRACE_MILLIS = 1000;

    private final PgWireProperties properties;
    private final EventLoops loops;
    private final ServerSide server;
    private volatile @Nullable Channel listening;

    PgWireServer(PgWireProperties properties, EventLoops loops, ServerSide server) {
        this.properties = properties;
        this.loops = loops;
        this.server = server;
    }

    private final class Accepting extends ChannelInitializer<Channel> {

        @Override
        protected void initChannel(Channel channel) {
            ClientConnection client = server.connections().connected(channel);
            channel.pipeline()
                    .addLast(new FirstByte(server.tls()))
                    .addLast("startup", new StartupNegotiation(client, server));
        }
    }

    @Override
    public void start() {
        InetSocketAddress address = properties.address() == null
                ? new InetSocketAddress(properties.port())
                : new InetSocketAddress(properties.address(), properties.port());
        ChannelFuture bound = loops.server()
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childHandler(new Accepting())
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new InvalidEdgeProperty("perigee.edge.pgwire.port: cannot listen on "
                    + (properties.address() == null ? "port " : properties.address() + ":") + properties.port()
                    + " for PostgreSQL's protocol (" + bound.cause().getMessage()
                    + "). Another port, or 0 for any that is free, or perigee.edge.pgwire.enabled=false.");
        }
        listening = bound.channel();
        log.info("PostgreSQL's protocol on port {}, upstream {}", port(), properties.upstream());
    }

    /** The port it listens on; -1 if it does not. */
    int port() {
        Channel channel = listening;
        return channel != null && channel.localAddress() instanceof InetSocketAddress local ? local.getPort() : -1;
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    /** No new connections; those there are get to know, and a moment to end. */
    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the end of the connections is what tells
    public void stop(Runnable callback) {
        Channel channel = listening;
        if (channel == null) {
            callback.run();
            return;
        }
        listening = null;
        Connections connections = server.connections();
        channel.close().addListener(closed -> {
            connections.shutDown();
            loops.next().schedule(connections::close, GRACE_MILLIS, TimeUnit.MILLISECONDS);
            connections.closed().addListener(all -> callback.run());
        });
    }

    @Override
    public boolean isRunning() {
        return listening != null;
    }

    /** Before readiness is announced; ended before what the sessions need. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE - 1;
    }
}

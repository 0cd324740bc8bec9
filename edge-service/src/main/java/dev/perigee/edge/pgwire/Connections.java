package dev.perigee.edge.pgwire;

import dev.perigee.web.Strangers;
import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The clients' connections, and no more of them than so many: of sessions, and of connections whose start-up is not over
 * yet, of which the oldest is closed when there are too many. Thread-safe.
 */
final class Connections {

    /** Even if few sessions are allowed, requests to cancel them have to get in. */
    private static final int FEWEST_NEWCOMERS = 64;

    private final int most;
    private final Duration startupTimeout;
    private final ChannelGroup all = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final AtomicInteger sessions = new AtomicInteger();
    private final Strangers newcomers;

    Connections(int most, Duration startupTimeout) {
        this.most = most;
        this.startupTimeout = startupTimeout;
        this.newcomers = new Strangers(Math.max(FEWEST_NEWCOMERS, most));
    }

    /** Somebody has connected. On the channel's event loop. */
    ClientConnection connected(Channel channel) {
        all.add(channel);
        newcomers.connected(channel);
        Future<?> timeout = channel.eventLoop()
                .schedule(() -> startupTimedOut(channel), startupTimeout.toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> timeout.cancel(false));
        return new ClientConnection(channel, () -> {
            timeout.cancel(false);
            newcomers.known(channel);
        });
    }

    /** Takes one of the places for sessions, until the channel is closed; or says that there is none. */
    boolean takePlace(Channel channel) {
        if (sessions.incrementAndGet() > most) {
            sessions.decrementAndGet();
            return false;
        }
        channel.closeFuture().addListener(closed -> sessions.decrementAndGet());
        return true;
    }

    int sessions() {
        return sessions.get();
    }

    int size() {
        return all.size();
    }

    /** Tells every one that this is the end. */
    void shutDown() {
        all.forEach(channel -> channel.pipeline().fireUserEventTriggered(ConnectionEvent.SHUTDOWN));
    }

    /** Closes those that are left. */
    Future<Void> close() {
        return all.close();
    }

    /** Once there are none. */
    Future<Void> closed() {
        return all.newCloseFuture();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // of a connection that is to be closed nothing more is wanted
    private static void startupTimedOut(Channel channel) {
        channel.pipeline().fireUserEventTriggered(ConnectionEvent.STARTUP_TIMEOUT);
        channel.close();
    }
}

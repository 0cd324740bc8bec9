package dev.perigee.edge.pgwire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/** Opens TCP connections: to each address that a name has, in turn, until one can be reached. Thread-safe. */
final class Dialer {

    private final EventLoops loops;
    private final Duration timeout;

    /**
     * @param timeout for one address
     */
    Dialer(EventLoops loops, Duration timeout) {
        this.loops = loops;
        this.timeout = timeout;
    }

    /** How long to wait for one address; and for each of the other ends who are to answer before it can be used. */
    Duration timeout() {
        return timeout;
    }

    /** A connection on this thread. Closed if the future is cancelled. */
    Future<Channel> dial(EventLoop loop, String host, int port) {
        Promise<Channel> promise = loop.newPromise();
        loops.names(loop)
                .resolveAll(InetSocketAddress.createUnresolved(host, port))
                .addListener((Future<List<InetSocketAddress>> found) -> {
                    if (found.isSuccess()) {
                        dial(loop, found.getNow(), 0, promise);
                    } else {
                        promise.tryFailure(found.cause());
                    }
                });
        return promise;
    }

    private void dial(EventLoop loop, List<InetSocketAddress> addresses, int index, Promise<Channel> promise) {
        if (promise.isDone()) {
            return;
        }
        ChannelHandler nothingYet = new ChannelInboundHandlerAdapter();
        loops.client(loop)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(timeout.toMillis()))
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.AUTO_READ, false)
                .handler(nothingYet)
                .connect(addresses.get(index))
                .addListener((ChannelFuture connected) -> {
                    if (connected.isSuccess()) {
                        connected.channel().pipeline().remove(nothingYet);
                        hand(connected.channel(), promise);
                    } else if (index + 1 < addresses.size()) {
                        dial(loop, addresses, index + 1, promise);
                    } else {
                        promise.tryFailure(connected.cause());
                    }
                });
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nobody wants it any more
    private static void hand(Channel channel, Promise<Channel> promise) {
        if (!promise.trySuccess(channel)) {
            channel.close();
        }
    }
}

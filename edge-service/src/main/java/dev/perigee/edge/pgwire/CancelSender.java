package dev.perigee.edge.pgwire;

import dev.perigee.edge.pgwire.Upstream.Connection;
import dev.perigee.edge.pgwire.Upstream.Route;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends CancelRequests to the database, and no more than so many at once: whoever can connect can send one. Thread-safe. */
final class CancelSender {

    private static final Logger log = LoggerFactory.getLogger(CancelSender.class);

    private static final int MOST = 32;

    private final Semaphore places = new Semaphore(MOST);
    private final Duration patience;

    /** Drops what it gets: there is no answer to a CancelRequest, but the end. */
    private static final class Dropping extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // closed is closed
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /**
     * @param patience how long the server may take to close the connection, which it does once it has sent the signal
     */
    CancelSender(Duration patience) {
        this.patience = patience;
    }

    /** Sends this one by this route. Done when the server has seen to it, or it has come to nothing. */
    Future<?> send(Route route, EventLoop loop, byte[] packet) {
        if (!places.tryAcquire()) {
            log.debug("A CancelRequest is dropped: there are {} on their way", MOST);
            return loop.newSucceededFuture(null);
        }
        Promise<Void> done = loop.newPromise();
        done.addListener(over -> places.release());
        route.connect(loop).addListener((Future<Connection> opened) -> {
            if (opened.isSuccess()) {
                send(opened.getNow().channel(), packet, done);
            } else {
                log.debug("A CancelRequest cannot be sent", opened.cause());
                done.setSuccess(null);
            }
        });
        return done;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the end of the connection is what tells
    private void send(Channel channel, byte[] packet, Promise<Void> done) {
        channel.pipeline().addLast(new Dropping());
        Future<?> timeout =
                channel.eventLoop().schedule(() -> channel.close(), patience.toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> {
            timeout.cancel(false);
            done.setSuccess(null);
        });
        channel.config().setAutoRead(true);
        channel.writeAndFlush(Unpooled.wrappedBuffer(packet));
    }
}

package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Bytes as what is in the frames of a WebSocket. Where frames begin and end means nothing: each is passed on as it comes. For
 * one connection.
 *
 * <p>A home pings a tunnel that is idle, and closes one that does not answer. While nothing is read here because the client does
 * not read, no ping is seen: then pongs are sent that nobody has asked for (RFC 6455, section 5.5.3), so that home can tell
 * who is slow from who is gone.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the promise of the last piece tells of all
final class TunnelCodec extends ChannelDuplexHandler {

    /** The largest frame that is sent: servers commonly take no more than 64 KB. */
    static final int LARGEST_SENT = 32 * 1024;
    /** The largest frame that is taken; as much memory a session may take on its way in. */
    static final int LARGEST_TAKEN = 256 * 1024;

    /** Well below the time after which a home gives up: a minute, unless it is told otherwise. */
    static final Duration PONG_INTERVAL = Duration.ofSeconds(10);

    private final Duration pongInterval;
    private @Nullable Future<?> pongs;

    TunnelCodec(Duration pongInterval) {
        this.pongInterval = pongInterval;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        pongs = context.executor()
                .scheduleWithFixedDelay(
                        () -> pong(context), pongInterval.toMillis(), pongInterval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static void pong(ChannelHandlerContext context) {
        if (!context.channel().config().isAutoRead() && context.channel().isWritable()) {
            context.writeAndFlush(new PongWebSocketFrame());
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (pongs != null) {
            pongs.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof BinaryWebSocketFrame || message instanceof ContinuationWebSocketFrame) {
            ByteBuf bytes = ((WebSocketFrame) message).content();
            if (bytes.isReadable()) {
                context.fireChannelRead(bytes);
                return;
            }
            bytes.release();
            if (!context.channel().config().isAutoRead()) {
                // Whoever asked for something to read has not got it yet.
                context.read();
            }
            return;
        }
        ReferenceCountUtil.release(message);
        context.fireExceptionCaught(new CorruptedFrameException("a tunnel carries binary frames only"));
        context.close();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        ByteBuf bytes = (ByteBuf) message;
        if (!bytes.isReadable()) {
            bytes.release();
            promise.setSuccess();
            return;
        }
        while (bytes.readableBytes() > LARGEST_SENT) {
            context.write(new BinaryWebSocketFrame(bytes.readRetainedSlice(LARGEST_SENT)));
        }
        context.write(new BinaryWebSocketFrame(bytes), promise);
    }
}

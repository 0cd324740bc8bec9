package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;

/**
 * Bytes as what is in the frames of a WebSocket. Where frames begin and end means nothing: each is passed on as it comes. For
 * one connection.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the promise of the last piece tells of all
final class TunnelCodec extends ChannelDuplexHandler {

    /** The largest frame that is sent: servers commonly take no more than 64 KB. */
    static final int LARGEST_SENT = 32 * 1024;
    /** The largest frame that is taken; as much memory a session may take on its way in. */
    static final int LARGEST_TAKEN = 256 * 1024;

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

package dev.perigee.edge.pgwire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** Makes a connection to a home a tunnel to its database, and then goes. For one connection. */
final class TunnelHandshake extends ChannelInboundHandlerAdapter {

    static final String PATH = "/api/edge/tunnel";

    private static final int LARGEST_REFUSAL = 16 * 1024;
    private static final int FORCE_CLOSE_MILLIS = 1000;

    private final String home;
    private final Promise<Channel> promise;

    private TunnelHandshake(String home, Promise<Channel> promise) {
        this.home = home;
        this.promise = promise;
    }

    /**
     * Begins, on a connection over which nothing has been said yet.
     *
     * @param authorization what to show to home, if it is not a certificate
     * @param promise gets the channel, on which bytes can now be written and read as if it were the database's
     */
    static void begin(Channel channel, URI url, @Nullable String authorization, Promise<Channel> promise) {
        HttpHeaders headers = new DefaultHttpHeaders();
        if (authorization != null) {
            headers.set("Authorization", authorization);
        }
        WebSocketClientProtocolConfig config = WebSocketClientProtocolConfig.newBuilder()
                .webSocketUri(url.toString().replaceFirst("^http", "ws"))
                .customHeaders(headers)
                .generateOriginHeader(false)
                .maxFramePayloadLength(TunnelCodec.LARGEST_TAKEN)
                .withUTF8Validator(false)
                .forceCloseTimeoutMillis(FORCE_CLOSE_MILLIS)
                .build();
        channel.config().setAutoRead(true);
        channel.pipeline()
                .addLast(new HttpClientCodec())
                .addLast(new HttpObjectAggregator(LARGEST_REFUSAL))
                .addLast(new WebSocketClientProtocolHandler(config))
                .addLast(new TunnelHandshake(url.getAuthority(), promise));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
            context.pipeline().replace(this, null, new TunnelCodec(TunnelCodec.PONG_INTERVAL));
            promise.trySuccess(context.channel());
        } else {
            context.fireUserEventTriggered(event);
        }
    }

    /** Nothing of it is for us, before the handshake is over. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        promise.tryFailure(new IOException("home " + home + " has closed the connection"));
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof WebSocketClientHandshakeException refused && refused.response() != null) {
            promise.tryFailure(new IOException(
                    "home " + home + " refuses a tunnel: " + refused.response().status()));
        } else {
            promise.tryFailure(new IOException("home " + home + ": " + cause.getMessage(), cause));
        }
    }
}

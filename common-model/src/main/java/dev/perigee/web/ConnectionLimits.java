package dev.perigee.web;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import reactor.netty.NettyPipeline;

/**
 * Puts limits on connections, beside those that are Spring Boot's properties (idle timeout, size of headers). None of them
 * concerns an answer that takes long to make, or a stream of events: they are about requests that never come in, and about
 * answers that are there and are not read.
 */
final class ConnectionLimits implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

    private final ConnectionProperties properties;
    private final Strangers strangers;

    ConnectionLimits(ConnectionProperties properties, Strangers strangers) {
        this.properties = properties;
        this.strangers = strangers;
    }

    @Override
    public void customize(NettyReactiveWebServerFactory factory) {
        factory.addServerCustomizers(server -> server.requestTimeout(properties.requestTimeout())
                .doOnChannelInit((observer, channel, remote) -> begin(channel)));
    }

    private void begin(Channel channel) {
        strangers.connected(channel);
        ChannelPipeline pipeline = channel.pipeline();
        if (pipeline.get(NettyPipeline.HttpCodec) != null) {
            guard(pipeline);
        } else {
            // Which HTTP it will be, the handshake tells.
            pipeline.addBefore(NettyPipeline.ReactiveBridge, "perigee.afterHandshake", new AfterHandshake());
        }
    }

    private void guard(ChannelPipeline pipeline) {
        pipeline.addAfter(
                NettyPipeline.HttpCodec,
                "perigee.requestGuard",
                new RequestGuard(properties.requestTimeout(), properties.answerTimeout()));
    }

    /** Guards a connection on which HTTP/2 was not agreed; that has its own limit on streams. */
    private final class AfterHandshake extends ChannelInboundHandlerAdapter {

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent) {
                ChannelPipeline pipeline = context.pipeline();
                if (pipeline.get(NettyPipeline.HttpCodec) != null) {
                    guard(pipeline);
                }
                pipeline.remove(this);
            }
            context.fireUserEventTriggered(event);
        }
    }
}

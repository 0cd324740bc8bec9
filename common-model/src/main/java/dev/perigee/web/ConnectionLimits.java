package dev.perigee.web;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
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
        // Not there if HTTP/2 may be negotiated: that has its own limit on streams.
        if (pipeline.get(NettyPipeline.HttpCodec) != null) {
            pipeline.addAfter(
                    NettyPipeline.HttpCodec,
                    "perigee.requestGuard",
                    new RequestGuard(properties.requestTimeout(), properties.answerTimeout()));
        }
    }
}

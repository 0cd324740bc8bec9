package dev.perigee.edge.query;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import java.util.function.Supplier;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.env.Environment;
import reactor.netty.NettyPipeline;

/** Puts a {@link HitHandler} into every connection of HTTP/1.1. */
final class HitPath implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {

    private final Supplier<QueryService> service;
    private final Requests requests = new Requests();
    private final boolean enabled;

    /**
     * In front of this read path.
     *
     * @param enabled otherwise nothing is put anywhere
     */
    HitPath(Supplier<QueryService> service, boolean enabled) {
        this.service = service;
        this.enabled = enabled;
    }

    /** Not where the server does more to an answer than to write it: compresses, counts or logs it. */
    static boolean suits(Environment environment) {
        return !environment.getProperty("server.compression.enabled", Boolean.class, false)
                && environment.getProperty("server.netty.max-keep-alive-requests", Integer.class, -1) < 0
                && !Boolean.getBoolean("reactor.netty.http.server.accessLogEnabled");
    }

    @Override
    public void customize(NettyReactiveWebServerFactory factory) {
        if (enabled) {
            factory.addServerCustomizers(
                    server -> server.doOnChannelInit((observer, channel, remote) -> begin(channel)));
        }
    }

    private void begin(Channel channel) {
        ChannelPipeline pipeline = channel.pipeline();
        // Not there if HTTP/2 may be negotiated.
        if (pipeline.get(NettyPipeline.HttpCodec) != null) {
            pipeline.addBefore(
                    NettyPipeline.HttpTrafficHandler, "perigee.hits", new HitHandler(service.get(), requests));
        }
    }
}

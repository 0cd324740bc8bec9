package dev.perigee.home.tunnel;

import dev.perigee.home.database.DatabaseProperties;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.ChannelOption;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpClient;

/** Puts the tunnels together. */
@Configuration(proxyBeanMethods = false)
class TunnelConfiguration {

    @Bean
    Tunnels tunnels(TunnelProperties properties) {
        return new Tunnels(properties);
    }

    @Bean
    TunnelMetrics tunnelMetrics(MeterRegistry registry, Tunnels tunnels) {
        return new TunnelMetrics(registry, tunnels);
    }

    /** On the web server's own event loops: both ends of a tunnel are then on one thread. */
    @Bean
    TcpClient tunnelClient(DatabaseProperties database, ObjectProvider<ReactorResourceFactory> resources) {
        TcpClient client = TcpClient.newConnection()
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        database.connectTimeout().toMillis())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true);
        ReactorResourceFactory shared = resources.getIfAvailable();
        LoopResources loops = shared == null ? null : shared.getLoopResources();
        return loops == null ? client : client.runOn(loops);
    }
}

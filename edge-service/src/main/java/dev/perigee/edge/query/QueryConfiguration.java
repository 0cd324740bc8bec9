package dev.perigee.edge.query;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Statements;
import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.HomeHttp;
import dev.perigee.edge.link.HomeLink;
import dev.perigee.edge.link.Homes;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.model.EdgeConfig;
import dev.perigee.web.ShortCut;
import dev.perigee.web.Spans;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Schedulers;

/** Puts the read path together. */
@Configuration(proxyBeanMethods = false)
class QueryConfiguration {

    @Bean
    QueryMetrics queryMetrics(MeterRegistry registry, Traffic traffic) {
        return new QueryMetrics(registry, traffic, "http");
    }

    @Bean
    HomeClient homeClient(HomeHttp http, Homes homes, HomeProperties properties, Spans spans) {
        return new HttpHomeClient(http, homes, properties, spans);
    }

    @Bean
    Forwarding forwarding(
            HomeClient home,
            ResultCache cache,
            Statements statements,
            EdgeConfig config,
            LinkProperties link,
            QueryMetrics metrics,
            Ticker ticker) {
        return new Forwarding(home, cache, statements, config.defaultTtl(), link.tables(), metrics, ticker);
    }

    @Bean
    ConsistencyMetrics consistencyMetrics(MeterRegistry registry) {
        return new ConsistencyMetrics(registry);
    }

    @Bean
    ConsistencySampler consistencySampler(
            HomeClient home,
            ResultCache cache,
            Watermarks watermarks,
            HomeLink link,
            ConsistencyMetrics metrics,
            ConsistencyProperties properties,
            Ticker ticker) {
        HomeComparison comparison = new HomeComparison(
                home, cache, watermarks, link::view, Schedulers.parallel(), Schedulers.boundedElastic());
        return new ConsistencySampler(
                comparison,
                metrics,
                properties,
                ticker,
                () -> ThreadLocalRandom.current().nextDouble(),
                Schedulers.parallel());
    }

    @Bean
    QueryService queryService(
            HomeLink link,
            ResultCache cache,
            Statements statements,
            Watermarks watermarks,
            Forwarding forwarding,
            LinkProperties policy,
            QueryMetrics metrics,
            Ticker ticker,
            InstantSource wallClock,
            ConsistencySampler sampler) {
        return new QueryService(
                link::view, cache, statements, watermarks, forwarding, policy, metrics, ticker, wallClock, sampler);
    }

    /** The read path is made when the first connection is: it needs much of what comes after the server. */
    @Bean
    WebServerFactoryCustomizer<NettyReactiveWebServerFactory> hitPath(
            ObjectProvider<QueryService> service, HitPathProperties properties, Spans spans) {
        Requests requests = new Requests();
        return factory -> {
            if (properties.enabled()) {
                ShortCut.into(factory, () -> new HitHandler(service.getObject(), requests, spans.isOn()));
            }
        };
    }
}

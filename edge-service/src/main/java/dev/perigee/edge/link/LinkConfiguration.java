package dev.perigee.edge.link;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.CacheSurvey;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.model.EdgeConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.SplittableRandom;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.autoconfigure.ServerProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Puts the link together. */
@Configuration(proxyBeanMethods = false)
class LinkConfiguration {

    private static final int DEFAULT_PORT = 8081;

    @Bean
    InstantSource wallClock() {
        return InstantSource.system();
    }

    @Bean
    HomeHttp homeHttp(EdgeConfig config, LinkProperties properties, HomeAccess access, SslBundles bundles) {
        return HomeHttp.of(config, properties, access, bundles);
    }

    @Bean
    Homes homes(EdgeConfig config) {
        return Homes.of(config);
    }

    @Bean
    HomeLink homeLink(
            HomeHttp http,
            Homes homes,
            LinkProperties properties,
            Watermarks watermarks,
            ResultCache cache,
            Traffic traffic,
            CacheSurvey survey,
            MeterRegistry registry,
            Ticker ticker,
            InstantSource wallClock,
            Environment environment,
            ServerProperties server) {
        HomeStream stream = new HomeStream(http, properties, Ssl.isEnabled(server.getSsl()));
        HomeLink link = new HomeLink(
                new LinkMachine(new Rounds(homes.size(), new Backoff(new SplittableRandom()))),
                stream,
                homes,
                watermarks,
                cache,
                traffic,
                new LinkMetrics(registry),
                new Reporter(stream, survey, registry),
                ticker,
                wallClock,
                () -> environment.getProperty("local.server.port", Integer.class, DEFAULT_PORT));
        Gauge.builder("perigee.edge.staleness", link, HomeLink::stalenessSeconds)
                .description("How far behind the commits the edge may be at the most")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder(
                        "perigee.edge.link.streaming",
                        link,
                        it -> it.view().status() == LinkView.Status.STREAMING ? 1 : 0)
                .description("1 while there is a stream from home")
                .register(registry);
        Gauge.builder(
                        "perigee.edge.eligible",
                        link,
                        it -> it.view().eligibility().enabled() ? 1 : 0)
                .description("1 while the operator lets this edge cache")
                .register(registry);
        return link;
    }

    @Bean("link")
    LinkHealth linkHealth(HomeLink link, Homes homes, LinkProperties properties, Ticker ticker) {
        return new LinkHealth(link, homes, properties, ticker);
    }
}

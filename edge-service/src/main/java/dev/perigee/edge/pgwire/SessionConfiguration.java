package dev.perigee.edge.pgwire;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.HomeLink;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.query.HomeClient;
import dev.perigee.edge.query.QueryMetrics;
import dev.perigee.model.EdgeConfig;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts together what happens in sessions. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnBooleanProperty(name = "perigee.edge.pgwire.enabled", matchIfMissing = true)
class SessionConfiguration {

    @Bean
    WireReads wireReads(
            HomeLink link,
            ResultCache cache,
            Watermarks watermarks,
            HomeClient home,
            LinkProperties policy,
            EdgeConfig config,
            PgWireProperties properties,
            Ticker ticker) {
        return new WireReads(
                link::view,
                cache,
                watermarks,
                new StatementJudges(home, ticker),
                policy,
                config.defaultTtl(),
                Math.toIntExact(properties.maxResultSize().toBytes()),
                ticker);
    }

    @Bean
    Sessions sessions(
            Upstream upstream,
            WireReads reads,
            HomeLink link,
            Traffic traffic,
            CancelRegistry cancels,
            PgWireProperties properties,
            Connections connections,
            MeterRegistry registry,
            Ticker ticker,
            InstantSource clock) {
        Gauge.builder("perigee.edge.pgwire.sessions", connections, Connections::sessions)
                .description("Sessions of PostgreSQL's protocol")
                .register(registry);
        return new Sessions(
                upstream,
                reads,
                new PerigeeStatements(
                        () -> traffic.stats(link.view().stalenessMs(ticker.read())), link::view, clock, ticker),
                new QueryMetrics(registry, traffic, "pgwire"),
                cancels,
                properties,
                bytes(registry, "received"),
                bytes(registry, "sent"));
    }

    private static Counter bytes(MeterRegistry registry, String direction) {
        return Counter.builder("perigee.edge.pgwire.bytes")
                .description("Bytes of PostgreSQL's protocol, from and to clients")
                .baseUnit("bytes")
                .tag("direction", direction)
                .register(registry);
    }
}

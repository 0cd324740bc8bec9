package dev.perigee.home.query;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.Feed;
import dev.perigee.home.wal.VisibilityGate;
import io.micrometer.core.instrument.MeterRegistry;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactory;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts the query API together. */
@Configuration(proxyBeanMethods = false)
class QueryConfiguration {

    /**
     * Statements are prepared anew each time: the texts are the clients', so there would be no end to the prepared ones,
     * on both sides of the connection; and none can outlive the clearing away of a session.
     */
    @Bean
    ConnectionFactoryOptionsBuilderCustomizer preparedStatements() {
        return builder -> builder.option(PostgresqlConnectionFactoryProvider.PREPARED_STATEMENT_CACHE_QUERIES, 0);
    }

    @Bean
    QueryService queryService(
            ConnectionFactory pool,
            Feed feed,
            VisibilityGate gate,
            InvalidationLog log,
            QueryProperties properties,
            TtlProperties ttl,
            MeterRegistry registry) {
        Sessions sessions =
                new Sessions(pool, log, feed::reached, properties.acquireTimeout(), properties.statementTimeout());
        return new QueryService(sessions, gate, log, properties, ttl, new QueryMetrics(registry));
    }
}

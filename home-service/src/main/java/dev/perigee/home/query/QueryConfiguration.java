package dev.perigee.home.query;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.Feed;
import dev.perigee.home.wal.VisibilityGate;
import dev.perigee.web.Spans;
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
    Sessions sessions(ConnectionFactory pool, Feed feed, InvalidationLog log, QueryProperties properties) {
        return new Sessions(pool, log, feed::reached, properties.acquireTimeout(), properties.statementTimeout());
    }

    @Bean
    StatementAnalyzer statementAnalyzer(QueryProperties properties) {
        return new StatementAnalyzer(new CodeCheck(properties.allowedFunctions()));
    }

    @Bean
    QueryMetrics queryMetrics(MeterRegistry registry) {
        return new QueryMetrics(registry);
    }

    @Bean
    Decisions decisions(InvalidationLog log, QueryProperties properties, QueryMetrics metrics) {
        Decisions decisions = new Decisions(log, properties.decisionMemory().toBytes());
        metrics.decisions(decisions::size);
        return decisions;
    }

    @Bean
    QueryService queryService(
            Sessions sessions,
            StatementAnalyzer analyzer,
            Decisions decisions,
            VisibilityGate gate,
            InvalidationLog log,
            QueryProperties properties,
            TtlProperties ttl,
            QueryMetrics metrics,
            Spans spans) {
        return new QueryService(sessions, analyzer, decisions, gate, log, properties, ttl, metrics, spans);
    }

    @Bean
    StatementService statementService(
            Sessions sessions,
            StatementAnalyzer analyzer,
            Decisions decisions,
            VisibilityGate gate,
            QueryProperties properties,
            TtlProperties ttl,
            QueryMetrics metrics) {
        return new StatementService(sessions, analyzer, decisions, gate, properties, ttl, metrics);
    }
}

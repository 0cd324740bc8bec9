package dev.perigee.home.query;

import io.r2dbc.postgresql.api.PostgresTransactionDefinition;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.TransactionDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Decides whether the results of a query may be kept, and what they depend on. In three steps, each of which may refuse:
 *
 * <ol>
 *   <li>{@link FactReader}: what the text itself says;
 *   <li>{@link CodeCheck}: what the catalog says of the functions, operators and types named there;
 *   <li>{@link RelationCheck}: which relations PostgreSQL finds in it. Through views, the first two steps again on each
 *       view's own query.
 * </ol>
 *
 * <p>The steps err on the side of refusal. Thread-safe.
 */
final class StatementAnalyzer {

    private static final Logger log = LoggerFactory.getLogger(StatementAnalyzer.class);

    private static final TransactionDefinition READ_ONLY =
            PostgresTransactionDefinition.from(IsolationLevel.READ_COMMITTED).readOnly();

    private final CodeCheck codeCheck;

    StatementAnalyzer(CodeCheck codeCheck) {
        this.codeCheck = codeCheck;
    }

    /**
     * Analyses a statement of kind {@link StatementKind#QUERY}, in a transaction of its own on this connection, which
     * is rolled back.
     *
     * @return the decision; an error only if the connection failed
     */
    Mono<Decision> analyze(Connection connection, String sql) {
        StatementFacts facts;
        try {
            facts = StatementFacts.of(sql);
        } catch (NotCacheableException refused) {
            return Mono.just(refused(sql, refused));
        }
        return codeCheck
                .check(connection, facts)
                .then(Mono.defer(
                        () -> relations(connection, sql, facts.parameters().size())))
                .flatMap(relations -> Flux.fromIterable(relations.views())
                        .concatMap(view -> checkView(connection, view))
                        .then(Mono.fromSupplier(() -> Decision.cacheable(relations.tables()))))
                .onErrorResume(NotCacheableException.class, refused -> Mono.just(refused(sql, refused)))
                .onErrorResume(R2dbcException.class, error -> rejected(sql, error));
    }

    /** Only after the code was found harmless: to plan a query, PostgreSQL runs what it takes for constant. */
    private static Mono<RelationCheck.Relations> relations(Connection connection, String sql, int parameters) {
        return Mono.usingWhen(
                Mono.from(connection.beginTransaction(READ_ONLY)).thenReturn(connection),
                begun -> RelationCheck.check(begun, sql, parameters),
                Connection::rollbackTransaction);
    }

    private Mono<Void> checkView(Connection connection, String query) {
        return Mono.defer(() -> {
            try {
                return codeCheck.check(connection, StatementFacts.of(query));
            } catch (NotCacheableException refused) {
                return Mono.error(refused);
            }
        });
    }

    /** PostgreSQL does not accept the statement; running it will tell the client why. */
    private static Mono<Decision> rejected(String sql, R2dbcException error) {
        String state = error.getSqlState();
        if (state == null || state.startsWith("08") || state.startsWith("57")) {
            return Mono.error(error);
        }
        return Mono.just(refused(sql, new NotCacheableException(Reason.UNKNOWN_RELATION, "SQLSTATE " + state)));
    }

    private static Decision refused(String sql, NotCacheableException refused) {
        log.debug("not cacheable, {}: {}: {}", refused.reason().code(), refused.getMessage(), sql);
        return Decision.refused(refused.reason());
    }
}

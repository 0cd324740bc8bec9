package dev.perigee.home.query;

import io.r2dbc.postgresql.api.PostgresTransactionDefinition;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.TransactionDefinition;
import java.util.List;
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

    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private static final Logger log = LoggerFactory.getLogger(StatementAnalyzer.class);

    private static final TransactionDefinition READ_ONLY =
            PostgresTransactionDefinition.from(IsolationLevel.READ_COMMITTED).readOnly();

    private static final List<String> OWN_PATH = List.of();

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
        // The code before the plan: to make one, PostgreSQL runs what it takes for constant.
        Mono<Void> plan = Plan.make(connection, sql, facts.parameters().size());
        return analyze(connection, sql, facts, OWN_PATH, plan, OWN_PATH);
    }

    /**
     * Analyses a statement of a session elsewhere, in a transaction of its own on this connection, which is rolled back.
     * The connection has to be reset afterwards.
     *
     * @param schemas the search path there
     * @return the decision; an error only if the connection failed, or a lock was not to be had soon
     */
    Mono<Decision> analyze(Connection connection, String sql, List<String> schemas) {
        StatementFacts facts;
        Mono<Void> look;
        try {
            facts = StatementFacts.of(sql);
            look = Elsewhere.look(connection, Lexer.withoutParameters(sql), schemas);
        } catch (NotCacheableException refused) {
            return Mono.just(refused(sql, refused));
        }
        return analyze(connection, sql, facts, schemas, look, Elsewhere.SAFE_PATH);
    }

    private Mono<Decision> analyze(
            Connection connection,
            String sql,
            StatementFacts facts,
            List<String> path,
            Mono<Void> look,
            List<String> pathOfViews) {
        return codeCheck
                .check(connection, facts, path)
                .then(Mono.defer(() -> relations(connection, look)))
                .flatMap(relations -> Flux.fromIterable(relations.views())
                        .concatMap(view -> checkView(connection, view, pathOfViews))
                        .then(Mono.fromSupplier(() -> Decision.cacheable(relations.tables()))))
                .onErrorResume(NotCacheableException.class, refused -> Mono.just(refused(sql, refused)))
                .onErrorResume(R2dbcException.class, error -> rejected(sql, error));
    }

    private static Mono<RelationCheck.Relations> relations(Connection connection, Mono<Void> look) {
        return Mono.usingWhen(
                Mono.from(connection.beginTransaction(READ_ONLY)).thenReturn(connection),
                begun -> RelationCheck.check(begun, look),
                Connection::rollbackTransaction);
    }

    private Mono<Void> checkView(Connection connection, String query, List<String> path) {
        return Mono.defer(() -> {
            try {
                return codeCheck.check(connection, StatementFacts.of(query), path);
            } catch (NotCacheableException refused) {
                return Mono.error(refused);
            }
        });
    }

    /** PostgreSQL does not accept the statement; running it will tell the client why. */
    private static Mono<Decision> rejected(String sql, R2dbcException error) {
        String state = error.getSqlState();
        if (state == null || state.startsWith("08") || state.startsWith("57") || state.equals(LOCK_NOT_AVAILABLE)) {
            return Mono.error(error);
        }
        return Mono.just(refused(sql, new NotCacheableException(Reason.UNKNOWN_RELATION, "SQLSTATE " + state)));
    }

    private static Decision refused(String sql, NotCacheableException refused) {
        log.debug("not cacheable, {}: {}: {}", refused.reason().code(), refused.getMessage(), sql);
        return Decision.refused(refused.reason());
    }
}

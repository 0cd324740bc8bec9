package dev.perigee.home.database;

import dev.perigee.model.TableName;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** Asks the catalog. */
final class CatalogTableResolver implements TableResolver {

    /** {@code to_regclass} is null for what does not exist, an error for what is not a name. */
    private static final String SQL = """
            SELECT n.nspname::text, c.relname::text
              FROM to_regclass($1) AS given(oid)
              JOIN pg_catalog.pg_class c ON c.oid = coalesce(pg_catalog.pg_partition_root(given.oid), given.oid)
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'f')""";

    private final ConnectionFactory pool;
    private final Duration timeout;

    CatalogTableResolver(ConnectionFactory pool, Duration timeout) {
        this.pool = pool;
        this.timeout = timeout;
    }

    @Override
    public Mono<String> resolve(String name) {
        if (name.indexOf('\0') >= 0) {
            return Mono.empty();
        }
        return Mono.usingWhen(pool.create(), connection -> ask(connection, name), Connection::close)
                .timeout(timeout)
                .onErrorResume(CatalogTableResolver::malformedName, error -> Mono.empty());
    }

    private static Mono<String> ask(Connection connection, String name) {
        return Sql.query(connection, SQL, row -> TableName.qualified(Sql.text(row, 0), Sql.text(row, 1)), name)
                .next();
    }

    /** Syntax error, invalid name, or cross-database reference. */
    private static boolean malformedName(Throwable error) {
        if (error instanceof R2dbcBadGrammarException) {
            return true;
        }
        String state = error instanceof R2dbcException database ? database.getSqlState() : null;
        return "42602".equals(state) || "0A000".equals(state);
    }
}

package dev.perigee.home.query;

import static dev.perigee.home.database.Sql.query;

import dev.perigee.home.database.Sql;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Statement;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Has PostgreSQL look at a query as a session elsewhere would: names mean what they mean under that session's search path.
 *
 * <p>Such a session is somebody else's, who may have fewer rights than home's role. So the query is not planned: planning
 * runs what it takes for constant, in views, index expressions and the like, with the rights of whoever plans. PREPARE
 * stops after analysis and rewriting, by when every relation has been met, those beneath views too. And home's own
 * statements, which have operators in them, do not run while the foreign path is in force.
 */
final class Elsewhere {

    /**
     * Local to the transaction. Everything in it is qualified, and there is no operator in it. We wait for a lock far less
     * than deadlock_timeout: whoever's locks cross with ours must never be the one that PostgreSQL aborts.
     */
    private static final String SET_PATH = "select pg_catalog.set_config('search_path', $1, true),"
            + " pg_catalog.set_config('lock_timeout', '100ms', true)";

    private static final String PATH = "select pg_catalog.current_schemas(true)::pg_catalog.text[]";

    /** Whatever is written without a schema by then, as in the text of a view, is found there. */
    static final List<String> SAFE_PATH = List.of("pg_catalog");

    private Elsewhere() {}

    /**
     * Analyses a query, at the beginning of a transaction, and leaves that with the search path {@link #SAFE_PATH}. The
     * session is left with a prepared statement: it has to be reset.
     *
     * @param sql without parameters
     * @param schemas the search path as {@code current_schemas(true)} has it
     * @return {@link NotCacheableException} if home's role does not find the same schemas
     */
    static Mono<Void> look(Connection connection, String sql, List<String> schemas) {
        return setPath(connection, schemas)
                .then(Mono.defer(() -> query(connection, PATH, row -> schemas(row.get(0, String[].class)))
                        .single()))
                .flatMap(found -> found.equals(schemas)
                        ? prepare(connection, sql)
                        : Mono.error(new NotCacheableException(
                                Reason.SEARCH_PATH, "home finds " + found + " for " + schemas)))
                .then(Mono.defer(() -> setPath(connection, SAFE_PATH)));
    }

    /** Without the one for temporary objects: a session that ever had such an object keeps it, and here it is empty. */
    private static List<String> schemas(String @Nullable [] path) {
        return Stream.of(Objects.requireNonNull(path))
                .filter(schema -> !schema.startsWith("pg_temp_"))
                .toList();
    }

    private static Mono<Void> setPath(Connection connection, List<String> schemas) {
        return query(connection, SET_PATH, row -> true, quoted(schemas)).then();
    }

    private static String quoted(List<String> schemas) {
        return schemas.stream()
                .map(schema -> '"' + schema.replace("\"", "\"\"") + '"')
                .collect(Collectors.joining(", "));
    }

    private static Mono<Void> prepare(Connection connection, String sql) {
        return Mono.defer(() -> {
            // With a fetch size the driver always takes the extended protocol, in which there is one statement only.
            Statement prepare = connection
                    .createStatement("PREPARE perigee_analysis AS " + sql)
                    .fetchSize(1000);
            return Sql.each(prepare.execute(), false, result -> result.map(row -> 0))
                    .then();
        });
    }
}

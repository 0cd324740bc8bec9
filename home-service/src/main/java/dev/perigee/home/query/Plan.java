package dev.perigee.home.query;

import dev.perigee.home.database.Sql;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Statement;
import reactor.core.publisher.Mono;

/** Has PostgreSQL plan a query without running it. */
final class Plan {

    private Plan() {}

    /**
     * Plans the query with nulls for its parameters. The option in parentheses matters: after it, the text can add no
     * options of its own, and without ANALYZE nothing is run.
     */
    static Mono<Void> make(Connection connection, String sql, int parameters) {
        return Mono.defer(() -> {
            // With a fetch size the driver always takes the extended protocol, in which there is one statement only.
            Statement explain =
                    connection.createStatement("EXPLAIN (COSTS OFF) " + sql).fetchSize(1000);
            for (int i = 0; i < parameters; i++) {
                explain.bind(i, Parameters.in(PostgresqlObjectId.UNSPECIFIED));
            }
            return Sql.each(explain.execute(), parameters > 0, result -> result.map(row -> 0))
                    .then();
        });
    }
}

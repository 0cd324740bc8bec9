package dev.perigee.home.query;

import dev.perigee.home.database.Sql;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.QueryRequest;
import dev.perigee.web.ProblemException;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** Runs single statements and reads their results within limits. Thread-safe. */
final class QueryExecutor {

    private static final int FETCH_SIZE = 256;
    private static final String POSITION =
            "select pg_catalog.pg_wal_lsn_diff(" + "pg_catalog.pg_current_wal_insert_lsn(), '0/0')::bigint - 1";

    private final long maxBytes;
    private final int maxRows;

    /** Reads at most so many bytes and rows. */
    QueryExecutor(long maxBytes, int maxRows) {
        this.maxBytes = maxBytes;
        this.maxRows = maxRows;
    }

    /** What the results of one request may come to. */
    ResultBudget budget() {
        return new ResultBudget(maxBytes, maxRows);
    }

    /**
     * Runs a statement.
     *
     * @param params as {@link ParameterText} writes them
     * @return the result, or the driver's error; {@link ProblemException} for what is wrong with the request itself
     */
    Mono<RowSet> run(Connection connection, QueryRequest request, List<@Nullable String> params, ResultBudget budget) {
        return Mono.defer(() -> {
            RowReader reader = new RowReader(budget);
            return Sql.each(
                            execute(connection, request.sql(), params),
                            !params.isEmpty(),
                            // Inside, where also a row is released that arrives as the client hangs up.
                            result -> ResultMessages.of(result).doOnNext(reader::accept))
                    .then(Mono.fromSupplier(reader::result));
        });
    }

    /** Up to where the WAL has been written now: at least the position of all this connection has committed. */
    Mono<Long> position(Connection connection) {
        return Sql.query(connection, POSITION, row -> Long.valueOf(Sql.text(row, 0)))
                .single();
    }

    private static Publisher<? extends Result> execute(
            Connection connection, String sql, List<@Nullable String> params) {
        Statement statement;
        try {
            // With a fetch size the driver always takes the extended protocol: one statement, whatever the text says.
            statement = connection.createStatement(sql).fetchSize(FETCH_SIZE);
        } catch (RuntimeException malformed) {
            throw new ProblemException(ProblemCode.SQL_ERROR, "The statement cannot be read.", malformed)
                    .with("sqlstate", "42601");
        }
        try {
            for (int i = 0; i < params.size(); i++) {
                String param = params.get(i);
                statement.bind(
                        i,
                        param == null
                                ? Parameters.in(PostgresqlObjectId.UNSPECIFIED)
                                : Parameters.in(PostgresqlObjectId.UNSPECIFIED, param));
            }
            return statement.execute();
        } catch (IndexOutOfBoundsException | IllegalStateException mismatch) {
            throw new ProblemException(
                    ProblemCode.INVALID_REQUEST,
                    "The statement does not have as many parameters as the request has params, which is "
                            + params.size() + ".",
                    mismatch);
        }
    }
}

package dev.perigee.home.database;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Statement;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Home's own statements. Stateless, thread-safe. */
public final class Sql {

    private Sql() {}

    /**
     * Asks one question.
     *
     * @param arguments the values of {@code $1}, {@code $2}, …
     */
    public static <T> Flux<T> query(
            Connection connection, String sql, Function<Readable, T> mapper, Object... arguments) {
        return Flux.defer(() -> {
            Statement statement = connection.createStatement(sql);
            for (int i = 0; i < arguments.length; i++) {
                statement.bind(i, arguments[i]);
            }
            return Flux.from(statement.execute()).concatMap(result -> result.map(mapper));
        });
    }

    /** Runs statements without parameters, separated by semicolons, and forgets their results. */
    static Mono<Void> execute(Connection connection, String sql) {
        return Mono.defer(() -> Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.getRowsUpdated())
                .then());
    }

    /** Runs statements in one transaction: all or nothing. */
    static Mono<Void> transaction(Connection connection, Mono<Void> statements) {
        return Mono.from(connection.beginTransaction())
                .then(statements)
                .then(Mono.defer(() -> Mono.from(connection.commitTransaction())))
                .onErrorResume(error -> Mono.from(connection.rollbackTransaction())
                        .onErrorComplete()
                        .then(Mono.error(error)));
    }

    /** A text column that is never null. */
    public static String text(Readable row, int column) {
        String value = row.get(column, String.class);
        if (value == null) {
            throw new IllegalStateException("column " + column + " is null");
        }
        return value;
    }

    /** A boolean column that is never null. */
    static boolean flag(Readable row, String column) {
        return Boolean.TRUE.equals(row.get(column, Boolean.class));
    }
}

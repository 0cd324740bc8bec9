package dev.perigee.home.database;

import io.netty.util.ReferenceCounted;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.function.Function;
import org.reactivestreams.Publisher;
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
            return each(statement.execute(), arguments.length > 0, result -> result.map(mapper));
        });
    }

    /** Runs statements without parameters, separated by semicolons, and forgets their results. */
    public static Mono<Void> execute(Connection connection, String sql) {
        return Mono.defer(() -> each(connection.createStatement(sql).execute(), false, Result::getRowsUpdated)
                .then());
    }

    /**
     * Subscribes to the results of a statement, one after the other. Whoever cancels leaves nothing behind: the driver
     * relies on its subscriber to release what it holds and nobody waits for any more.
     *
     * @param bound whether the statement has parameters; it has one result then, and is sent when that is subscribed to,
     *     which releasing the result does too
     */
    public static <T> Flux<T> each(
            Publisher<? extends Result> results, boolean bound, Function<Result, Publisher<T>> mapper) {
        Flux<T> mapped = bound
                ? Mono.from(results).flatMapMany(mapper)
                : Flux.from(results).concatMap(mapper);
        return mapped.doOnDiscard(ReferenceCounted.class, discarded -> {
            // It comes here once for each operator that has such a hook, the driver's own too.
            if (discarded.refCnt() > 0 && !(bound && discarded instanceof Result)) {
                discarded.release();
            }
        });
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

    /** A boolean column. */
    static boolean flag(Readable row, String column) {
        return Boolean.TRUE.equals(row.get(column, Boolean.class));
    }

    /** A boolean column. */
    public static boolean flag(Readable row, int column) {
        return Boolean.TRUE.equals(row.get(column, Boolean.class));
    }

    /** An integer column that is never null. */
    public static int number(Readable row, int column) {
        Integer value = row.get(column, Integer.class);
        if (value == null) {
            throw new IllegalStateException("column " + column + " is null");
        }
        return value;
    }
}

package dev.perigee.home.query;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Statement;
import java.util.Objects;
import java.util.function.Function;
import reactor.core.publisher.Flux;

/** Questions of ours to the catalog. */
final class CatalogQuery {

    private CatalogQuery() {}

    /** Runs a fixed query with these parameters. */
    static <T> Flux<T> rows(Connection connection, String sql, Function<Readable, T> mapper, Object... parameters) {
        return Flux.defer(() -> {
            Statement statement = connection.createStatement(sql);
            for (int i = 0; i < parameters.length; i++) {
                statement.bind(i, parameters[i]);
            }
            return Flux.from(statement.execute()).concatMap(result -> result.map(mapper));
        });
    }

    static String text(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, String.class), "a null in the catalog");
    }

    static boolean bool(Readable row, int column) {
        return Boolean.TRUE.equals(row.get(column, Boolean.class));
    }

    static int number(Readable row, int column) {
        return Objects.requireNonNull(row.get(column, Integer.class), "a null in the catalog");
    }
}

package dev.perigee.home.query;

import io.r2dbc.postgresql.api.PostgresqlResult;
import io.r2dbc.postgresql.message.backend.BackendMessage;
import io.r2dbc.spi.Result;
import java.lang.reflect.Field;
import reactor.core.publisher.Flux;

/**
 * The protocol messages behind a result.
 *
 * <p>The driver's own interface gives the columns along with each row, so of a result without rows it does not give
 * them at all, and it gives either rows or the number of rows, not both. The messages have everything; in 1.1 they are
 * in a private field.
 */
final class ResultMessages {

    private static final String DRIVER_CLASS = "io.r2dbc.postgresql.PostgresqlResult";
    private static final Field MESSAGES = field();

    private ResultMessages() {}

    /** The messages; whoever subscribes must release the data rows. */
    @SuppressWarnings("unchecked")
    static Flux<BackendMessage> of(Result result) {
        try {
            return (Flux<BackendMessage>) MESSAGES.get(result);
        } catch (IllegalAccessException | IllegalArgumentException e) {
            throw new IllegalStateException("not a result of the PostgreSQL driver", e);
        }
    }

    private static Field field() {
        try {
            Field messages = Class.forName(DRIVER_CLASS, false, PostgresqlResult.class.getClassLoader())
                    .getDeclaredField("messages");
            messages.setAccessible(true);
            return messages;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this version of the PostgreSQL driver is not supported", e);
        }
    }
}

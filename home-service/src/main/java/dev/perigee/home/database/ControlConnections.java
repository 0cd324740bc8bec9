package dev.perigee.home.database;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Connections for the control plane alone: registrations and renewals must not wait until clients' statements leave one
 * free. Thread-safe.
 */
public final class ControlConnections implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ControlConnections.class);

    private static final int SIZE = 2;
    /** After a failover the old primary may live on: for how long work may still end up there. */
    private static final Duration LONGEST_LIFE = Duration.ofSeconds(10);

    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final ConnectionPool pool;
    private final Duration timeout;

    /**
     * Opens none yet.
     *
     * @param timeout how long a piece of work may take, waiting for a connection included
     */
    public ControlConnections(ServerConnections connections, Duration timeout) {
        this.timeout = timeout;
        this.pool =
                new ConnectionPool(ConnectionPoolConfiguration.builder(connections.factory("perigee control", timeout))
                        .initialSize(0)
                        .maxSize(SIZE)
                        .maxLifeTime(LONGEST_LIFE)
                        .maxAcquireTime(timeout)
                        .maxCreateConnectionTime(timeout)
                        .build());
    }

    /** Does some work on a connection; fails with {@code database-unavailable} if it cannot be done in time. */
    public <T> Mono<T> with(Function<Connection, Mono<T>> work) {
        return Mono.usingWhen(
                        pool.create(),
                        work,
                        Connection::close,
                        (connection, error) -> discard(connection),
                        ControlConnections::discard)
                .timeout(timeout)
                .onErrorMap(error -> !(error instanceof ProblemException), ControlConnections::unavailable);
    }

    private static ProblemException unavailable(Throwable error) {
        log.debug("The control plane's statement failed", error);
        return new ProblemException(
                        ProblemCode.DATABASE_UNAVAILABLE,
                        "The database has not done in time what the control plane asked; it may yet.",
                        error)
                .retryAfter(RETRY);
    }

    /** A connection whose work did not end well may still be busy with it. */
    private static Mono<Void> discard(Connection pooled) {
        Mono<Void> end =
                pooled instanceof Wrapped<?> wrapper && wrapper.unwrap() instanceof PostgresqlConnection physical
                        ? physical.close().timeout(CLOSE_TIMEOUT).onErrorComplete()
                        : Mono.empty();
        return end.then(Mono.defer(() -> Mono.from(pooled.close()))).onErrorComplete();
    }

    @Override
    public void close() {
        pool.dispose();
    }
}

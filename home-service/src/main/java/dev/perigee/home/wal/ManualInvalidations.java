package dev.perigee.home.wal;

import dev.perigee.home.database.ServerConnections;
import dev.perigee.home.database.Sql;
import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * Writes manual invalidations into the WAL and waits for them to come back. Each on a connection of its own: its commit
 * may wait for a synchronous standby, which must hold up nothing else, and a pooled connection may still lead to a
 * primary that was replaced. Thread-safe.
 */
final class ManualInvalidations {

    private static final String SQL = "SELECT pg_catalog.pg_logical_emit_message(true, $1, $2)::text";

    private final ServerConnections connections;
    private final Duration timeout;
    private final Readback readback = new Readback();

    ManualInvalidations(ServerConnections connections, Duration timeout) {
        this.connections = connections;
        this.timeout = timeout;
    }

    Mono<Long> invalidate(List<String> tables) {
        return Mono.defer(() -> {
            InvalidationMessage message = new InvalidationMessage(Readback.uniqueId(), tables);
            Mono<Void> writing =
                    Mono.usingWhen(connections.open(), connection -> write(connection, message), Connection::close);
            return readback.of(message.id(), writing, timeout)
                    .onErrorMap(error -> new ProblemException(
                            ProblemCode.FEED_UNAVAILABLE,
                            "The invalidation was not read back from the database's WAL; it may yet take effect.",
                            error));
        });
    }

    /** These have been decoded, at this version. */
    void decoded(List<String> ids, long version) {
        ids.forEach(id -> readback.decoded(id, version));
    }

    private static Mono<Void> write(Connection connection, InvalidationMessage message) {
        return Sql.query(connection, SQL, row -> true, InvalidationMessage.PREFIX, message.toJson())
                .then();
    }
}

package dev.perigee.home.query;

import dev.perigee.home.database.Sql;
import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.Epoch;
import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Lends database connections, all in the same state: what can change the text of a result is set alike in each, and
 * what a request leaves behind (settings, temporary tables, advisory locks, a changed role) is cleared away before the
 * next. Thread-safe.
 */
final class Sessions {

    private static final Logger log = LoggerFactory.getLogger(Sessions.class);

    /** DISCARD ALL, which cannot be used as such: it refuses to run along with the settings. */
    private static final String RESET =
            "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *;"
                    + " SELECT pg_advisory_unlock_all(); DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES;";

    private static final String SETTINGS = "SET standard_conforming_strings TO on; SET timezone TO 'UTC';"
            + " SET datestyle TO 'ISO, MDY'; SET intervalstyle TO 'postgres'; SET bytea_output TO 'hex';"
            + " SET extra_float_digits TO 1; SET client_min_messages TO 'warning'; SET statement_timeout TO ";

    /**
     * What a role or a database may have been given with {@code ALTER ... SET}, and what changes answers. New
     * connections would take up a change that no event tells us of, so all keep what the first one found.
     */
    private static final String INHERITED =
            "SELECT string_agg(format('SELECT set_config(%L, %L, false);', name, setting), ' ') FROM pg_settings"
                    + " WHERE name IN ('search_path', 'default_text_search_config', 'lc_monetary', 'lc_numeric',"
                    + " 'lc_time', 'transform_null_equals', 'array_nulls', 'xmlbinary', 'xmloption')";

    private static final Set<ProblemCode> IN_DOUBT =
            EnumSet.of(ProblemCode.DATABASE_UNAVAILABLE, ProblemCode.OUTCOME_UNKNOWN, ProblemCode.INTERNAL_ERROR);

    /** More idle connections to a server that was replaced no pool has. */
    private static final int MOST_STALE = 100;

    private final ConnectionFactory connections;
    private final InvalidationLog feed;
    private final Consumer<Epoch> reached;
    private final Duration acquireTimeout;
    private final String fixed;
    private volatile @Nullable String settings;
    private final Map<Connection, Epoch> prepared = Collections.synchronizedMap(new WeakHashMap<>());

    /**
     * Lends connections from a pool.
     *
     * @param feed says which epoch the feed is in
     * @param reached is told when a connection has reached a server that has taken the place of the feed's
     */
    Sessions(
            ConnectionFactory pool,
            InvalidationLog feed,
            Consumer<Epoch> reached,
            Duration acquireTimeout,
            Duration statementTimeout) {
        this.connections = pool;
        this.feed = feed;
        this.reached = reached;
        this.acquireTimeout = acquireTimeout;
        this.fixed = SETTINGS + statementTimeout.toMillis();
    }

    /** Lends a connection for as long as the work takes. If the caller goes away, its statement is cancelled. */
    <T> Mono<T> use(Function<Session, Mono<T>> work) {
        return Mono.usingWhen(acquire(), work, this::release, this::release, this::discard);
    }

    private Mono<Session> acquire() {
        return acquire(MOST_STALE).onErrorMap(SqlProblems::unavailable);
    }

    private Mono<Session> acquire(int more) {
        return Mono.from(connections.create())
                .timeout(acquireTimeout)
                .flatMap(connection -> prepare(connection)
                        .onErrorResume(error -> end(connection).then(Mono.error(error))))
                .flatMap(session -> isStale(session) ? instead(session, more) : Mono.just(session));
    }

    private Mono<Session> instead(Session stale, int more) {
        return end(stale.connection())
                .then(
                        more > 0
                                ? Mono.defer(() -> acquire(more - 1))
                                : Mono.error(
                                        new IllegalStateException("the address leads to a primary that was replaced")));
    }

    /**
     * After a failover the server that was replaced may still be alive, and the pool full of connections to it. Nothing
     * may be read there any more, and nothing written. A connection that is ahead of the feed is used, since that is
     * where the address leads, but what is read there cannot be stamped yet.
     */
    private boolean isStale(Session session) {
        EpochLog current = feed.current();
        if (current == null || session.epoch().name().equals(current.epoch())) {
            return false;
        }
        if (session.epoch().supersedes(current.epoch())) {
            reached.accept(session.epoch());
            return false;
        }
        return true;
    }

    private Mono<Session> prepare(Connection connection) {
        PostgresqlConnection physical = physical(connection);
        Epoch known = physical == null ? null : prepared.get(physical);
        if (known != null) {
            return Mono.just(new Session(connection, known));
        }
        return settings(connection)
                .flatMap(script -> Sql.execute(connection, script))
                .then(Mono.defer(() -> Epoch.read(connection)))
                .map(epoch -> {
                    if (physical != null) {
                        prepared.put(physical, epoch);
                    }
                    return new Session(connection, epoch);
                });
    }

    private Mono<String> settings(Connection connection) {
        String known = settings;
        return known != null
                ? Mono.just(known)
                : Sql.query(connection, INHERITED, row -> Sql.text(row, 0))
                        .single()
                        .map(this::settle);
    }

    private synchronized String settle(String inherited) {
        String before = settings;
        String settled = before != null ? before : inherited + " " + fixed;
        settings = settled;
        return settled;
    }

    /** After an error that leaves the connection in doubt, or the statement running, the connection is given up. */
    private Mono<Void> release(Session session, Throwable error) {
        return error instanceof ProblemException problem
                        && !IN_DOUBT.contains(problem.code())
                        && !(problem.getCause() instanceof TimeoutException)
                ? release(session)
                : discard(session);
    }

    private Mono<Void> release(Session session) {
        if (!session.isTouched()) {
            return Mono.from(session.connection().close());
        }
        return Mono.from(session.connection().rollbackTransaction())
                .then(Mono.defer(() -> settings(session.connection())))
                .flatMap(script -> Sql.execute(session.connection(), RESET + script))
                .timeout(acquireTimeout)
                .then(Mono.defer(() -> Mono.from(session.connection().close())))
                .onErrorResume(error -> {
                    log.debug("a connection could not be reset", error);
                    return discard(session);
                });
    }

    /** Cancels what is running and closes the connection for good: nobody else may meet a late cancellation. */
    private Mono<Void> discard(Session session) {
        PostgresqlConnection physical = physical(session.connection());
        Mono<Void> cancelled = physical == null
                ? Mono.empty()
                : physical.cancelRequest().timeout(acquireTimeout).onErrorResume(error -> Mono.empty());
        return cancelled.then(Mono.defer(() -> end(session.connection())));
    }

    /** Closes the connection for good. */
    private static Mono<Void> end(Connection connection) {
        PostgresqlConnection physical = physical(connection);
        Mono<Void> end = physical == null ? Mono.empty() : physical.close();
        return end.onErrorResume(error -> Mono.empty())
                .then(Mono.defer(() -> Mono.from(connection.close())))
                .onErrorResume(error -> {
                    log.debug("a connection could not be closed", error);
                    return Mono.empty();
                });
    }

    private static @Nullable PostgresqlConnection physical(Connection connection) {
        if (connection instanceof PostgresqlConnection physical) {
            return physical;
        }
        return connection instanceof Wrapped<?> wrapper && wrapper.unwrap() instanceof Connection inner
                ? physical(inner)
                : null;
    }
}

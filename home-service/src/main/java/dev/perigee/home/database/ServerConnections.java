package dev.perigee.home.database;

import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlReplicationConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Connections beside the pool, to the same server as the same user: for home's own work, which must neither wait for
 * the clients' statements nor keep them waiting. Thread-safe.
 */
public final class ServerConnections {

    private final PostgresqlConnectionFactory plain;
    private final ConnectionFactoryOptions options;
    private final Duration connectTimeout;
    private final Duration adminTimeout;

    /**
     * Connects to this server.
     *
     * @param options those that the pool makes its connections with
     * @param connectTimeout how long connecting and authenticating may take
     * @param adminTimeout how long a statement may take
     */
    public ServerConnections(ConnectionFactoryOptions options, Duration connectTimeout, Duration adminTimeout) {
        this.options = options;
        this.plain = factory(options, "perigee home", adminTimeout);
        this.connectTimeout = connectTimeout;
        this.adminTimeout = adminTimeout;
    }

    /** Opens a connection that the caller closes. */
    public Mono<PostgresqlConnection> open() {
        return plain.create().timeout(connectTimeout);
    }

    /**
     * Opens a replication connection that the caller closes.
     *
     * @param name its {@code application_name}
     */
    public Mono<PostgresqlReplicationConnection> openReplication(String name) {
        // Creating a slot waits for the transactions in progress, streaming never ends: no timeout. The driver looks
        // for extensions in files when it is set up, which no event loop may wait for.
        return Mono.fromCallable(() -> factory(options, name, Duration.ZERO))
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(PostgresqlConnectionFactory::replication)
                .timeout(connectTimeout);
    }

    /**
     * Connections for others to pool.
     *
     * @param name for {@code pg_stat_activity}
     * @param statementTimeout how long the server lets a statement run
     */
    ConnectionFactory factory(String name, Duration statementTimeout) {
        return factory(options, name, statementTimeout);
    }

    /** Does some work on a connection of its own, within the time for administrative statements. */
    <T> Mono<T> with(Function<Connection, Mono<T>> work) {
        return Mono.usingWhen(open(), work, Connection::close).timeout(adminTimeout.plus(connectTimeout));
    }

    /** Makes every connection's answers independent of the settings of server, role, database and JVM. */
    static void settle(ConnectionFactoryOptions.Builder builder, Duration connectTimeout) {
        ConnectionFactoryOptions given = builder.build();
        if (!given.hasOption(ConnectionFactoryOptions.USER)) {
            throw new StartupFailure(List.of("spring.r2dbc.url names no user: set spring.r2dbc.username."));
        }
        if (!given.hasOption(ConnectionFactoryOptions.CONNECT_TIMEOUT)) {
            builder.option(ConnectionFactoryOptions.CONNECT_TIMEOUT, connectTimeout);
        }
        if (!given.hasOption(PostgresqlConnectionFactoryProvider.APPLICATION_NAME)) {
            builder.option(PostgresqlConnectionFactoryProvider.APPLICATION_NAME, "perigee");
        }
        Map<String, String> options = startupOptions(given);
        options.put("DateStyle", "ISO, MDY");
        options.put("IntervalStyle", "postgres");
        builder.option(PostgresqlConnectionFactoryProvider.TIME_ZONE, TimeZone.getTimeZone("UTC"))
                .option(PostgresqlConnectionFactoryProvider.TCP_KEEPALIVE, true)
                .option(PostgresqlConnectionFactoryProvider.OPTIONS, options);
    }

    private static PostgresqlConnectionFactory factory(
            ConnectionFactoryOptions options, String name, Duration statementTimeout) {
        return new PostgresqlConnectionFactoryProvider()
                .create(options.mutate()
                        .option(PostgresqlConnectionFactoryProvider.APPLICATION_NAME, name)
                        .option(ConnectionFactoryOptions.STATEMENT_TIMEOUT, statementTimeout)
                        .build());
    }

    /** A URL gives them as {@code a=b;c=d}, code as a map. */
    private static Map<String, String> startupOptions(ConnectionFactoryOptions options) {
        Map<String, String> parsed = new LinkedHashMap<>();
        Object given = options.getValue(Option.valueOf("options"));
        if (given instanceof Map<?, ?> map) {
            map.forEach((name, value) -> parsed.put(String.valueOf(name), String.valueOf(value)));
        } else if (given != null) {
            for (String pair : given.toString().split(";", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    parsed.put(
                            pair.substring(0, equals).strip(),
                            pair.substring(equals + 1).strip());
                }
            }
        }
        return parsed;
    }
}

package dev.perigee.home.database;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Where home's database listens: of several hosts, the one that is the primary. Thread-safe. */
public final class PrimaryAddress {

    private static final int DEFAULT_PORT = 5432;

    /** A failover takes longer. */
    private static final Duration REMEMBERED = Duration.ofSeconds(2);

    private static final Set<Option<?>> OF_SEVERAL = Set.of(
            ConnectionFactoryOptions.PROTOCOL,
            PostgresqlConnectionFactoryProvider.TARGET_SERVER_TYPE,
            PostgresqlConnectionFactoryProvider.LOAD_BALANCE_HOSTS,
            PostgresqlConnectionFactoryProvider.HOST_RECHECK_TIME);

    private final Mono<InetSocketAddress> primary;

    /**
     * The address of this database.
     *
     * @param options those that the pool makes its connections with
     * @param timeout how long it may take a host to say what it is
     */
    public PrimaryAddress(ConnectionFactoryOptions options, Duration timeout) {
        if (options.hasOption(PostgresqlConnectionFactoryProvider.SOCKET)) {
            this.primary = Mono.error(() -> new ProblemException(
                    ProblemCode.DATABASE_UNAVAILABLE,
                    "Home reaches its database through a Unix socket; there are no tunnels through that."));
            return;
        }
        List<InetSocketAddress> hosts = hosts(options);
        this.primary = hosts.size() == 1
                ? Mono.just(hosts.get(0))
                : look(hosts.stream().map(host -> probe(options, host, timeout)).toList());
    }

    /** Where it is now, unresolved; an error if no host says that it is the primary. */
    public Mono<InetSocketAddress> find() {
        return primary;
    }

    private static Mono<InetSocketAddress> look(List<Mono<InetSocketAddress>> probes) {
        return Flux.merge(probes)
                .next()
                .switchIfEmpty(Mono.error(() -> new ProblemException(
                        ProblemCode.DATABASE_UNAVAILABLE, "None of the database's hosts is a primary now.")))
                .cache(found -> REMEMBERED, error -> Duration.ZERO, () -> Duration.ZERO);
    }

    /** Empty if the host is not the primary, or does not say. */
    private static Mono<InetSocketAddress> probe(
            ConnectionFactoryOptions options, InetSocketAddress host, Duration timeout) {
        // Made here, once: the driver looks for extensions in files then.
        PostgresqlConnectionFactory factory = new PostgresqlConnectionFactoryProvider()
                .create(ConnectionFactoryOptions.builder()
                        .from(options, option -> !OF_SEVERAL.contains(option))
                        .option(ConnectionFactoryOptions.HOST, host.getHostString())
                        .option(ConnectionFactoryOptions.PORT, host.getPort())
                        .build());
        return Mono.usingWhen(
                        factory.create(),
                        connection -> Sql.query(
                                        connection, "SELECT pg_catalog.pg_is_in_recovery()", row -> Sql.flag(row, 0))
                                .single(),
                        PostgresqlConnection::close)
                .timeout(timeout)
                .onErrorReturn(true)
                .filter(standby -> !standby)
                .map(primary -> host);
    }

    /** One host, or several written {@code host:port,host:port}, as the driver has it. */
    static List<InetSocketAddress> hosts(ConnectionFactoryOptions options) {
        Object port = options.getValue(ConnectionFactoryOptions.PORT);
        int common = port == null ? DEFAULT_PORT : Integer.parseInt(port.toString());
        String given = Objects.requireNonNull(options.getRequiredValue(ConnectionFactoryOptions.HOST))
                .toString();
        if (given.indexOf(',') < 0) {
            boolean bracketed = given.startsWith("[") && given.endsWith("]");
            return List.of(InetSocketAddress.createUnresolved(
                    bracketed ? given.substring(1, given.length() - 1) : given, common));
        }
        List<InetSocketAddress> hosts = new ArrayList<>();
        for (String host : given.split(",", -1)) {
            int colon = host.indexOf(':');
            hosts.add(InetSocketAddress.createUnresolved(
                    colon < 0 ? host.strip() : host.substring(0, colon).strip(),
                    colon < 0
                            ? common
                            : Integer.parseInt(host.substring(colon + 1).strip())));
        }
        return hosts;
    }
}

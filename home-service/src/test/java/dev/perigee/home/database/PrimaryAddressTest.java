package dev.perigee.home.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrimaryAddressTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static List<String> hosts(String host, Integer port) {
        ConnectionFactoryOptions.Builder options =
                ConnectionFactoryOptions.builder().option(ConnectionFactoryOptions.HOST, host);
        if (port != null) {
            options.option(ConnectionFactoryOptions.PORT, port);
        }
        return PrimaryAddress.hosts(options.build()).stream()
                .map(address -> address.getHostString() + " " + address.getPort())
                .toList();
    }

    @Test
    void readsHostsAsTheDriverDoes() {
        assertThat(hosts("db", null)).containsExactly("db 5432");
        assertThat(hosts("db", 6000)).containsExactly("db 6000");
        assertThat(hosts("[::1]", 6000)).containsExactly("::1 6000");
        assertThat(hosts("::1", 6000)).containsExactly("::1 6000");
        assertThat(hosts("a:1,b:2,c", null)).containsExactly("a 1", "b 2", "c 5432");
    }

    @Test
    void oneHostIsTakenAtItsWord() {
        PrimaryAddress address = new PrimaryAddress(
                ConnectionFactoryOptions.builder()
                        .option(ConnectionFactoryOptions.HOST, "db")
                        .build(),
                LIMIT);
        assertThat(address.find().block(LIMIT)).isEqualTo(InetSocketAddress.createUnresolved("db", 5432));
    }

    /** One that is down, one that is a standby, and the primary, in any order. */
    @Test
    void ofSeveralHostsItIsThePrimary() throws IOException {
        int closed;
        try (ServerSocket probe = new ServerSocket(0)) {
            closed = probe.getLocalPort();
        }
        try (TestServer primary = TestServer.start();
                TestServer standby = TestServer.start()) {
            Files.createFile(Path.of(standby.ask("show data_directory").get(0), "standby.signal"));
            standby.restart();
            assertThat(standby.ask("select pg_is_in_recovery()")).containsExactly("t");
            int right = port(primary);
            String hosts = "localhost:" + closed + ",localhost:" + port(standby);
            for (String all : List.of(hosts + ",localhost:" + right, "localhost:" + right + "," + hosts)) {
                assertThat(several(primary, all).find().block(LIMIT))
                        .isEqualTo(InetSocketAddress.createUnresolved("localhost", right));
            }
            ProblemException none = catchThrowableOfType(
                    ProblemException.class, () -> several(primary, hosts).find().block(LIMIT));
            assertThat(none.code()).isEqualTo(ProblemCode.DATABASE_UNAVAILABLE);
        }
    }

    private static PrimaryAddress several(TestServer server, String hosts) {
        return new PrimaryAddress(
                server.options("postgres")
                        .mutate()
                        .option(
                                ConnectionFactoryOptions.PROTOCOL,
                                PostgresqlConnectionFactoryProvider.FAILOVER_PROTOCOL)
                        .option(ConnectionFactoryOptions.HOST, hosts)
                        .build(),
                LIMIT);
    }

    private static int port(TestServer server) {
        return Integer.parseInt(
                String.valueOf(server.options("postgres").getRequiredValue(ConnectionFactoryOptions.PORT)));
    }
}

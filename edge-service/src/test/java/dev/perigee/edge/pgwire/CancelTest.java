package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests to cancel what a session runs get to the server that runs it. */
@ExtendWith(NoLeaks.class)
class CancelTest {

    private static final String SLEEPING =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";

    @TempDir
    static Path directory;

    static Postgres postgres;
    static TestCertificates certificates;

    @BeforeAll
    static void start() throws Exception {
        certificates = new TestCertificates(directory).issue("server", "dns:localhost");
        postgres = Postgres.withTls(directory, certificates, "server");
    }

    @AfterAll
    static void stop() throws Exception {
        postgres.close();
    }

    @ParameterizedTest
    @CsvSource({"direct, disable, 3.0", "direct, require, 3.2", "home, disable, 3.2", "home, require, 3.0"})
    void aRunningStatementIsCancelled(String way, String mode, String protocol) throws Exception {
        try (TunnelHome home = new TunnelHome(postgres.port(), null);
                EdgeFixture edge = edge(way, mode, home)) {
            try (Connection connection = Postgres.connect(edge.port(), "postgres", "protocolVersion", protocol);
                    Statement statement = connection.createStatement()) {
                CompletableFuture<Void> running = sleep(statement);
                statement.cancel();
                assertThatThrownBy(running::get)
                        .isInstanceOf(ExecutionException.class)
                        .hasMessageContaining("canceling statement due to user request");
                // The connection for the request came by the same way, and is gone.
                assertThat(home.opened).hasValue(way.equals("home") ? 2 : 0);
                await().untilAsserted(() -> assertThat(edge.connections.size()).isOne());
                assertThat(edge.cancels.size()).isOne();
            }
            await().untilAsserted(() -> assertThat(edge.cancels.size()).isZero());
        }
    }

    @Test
    void aWrongKeyCancelsNothingAndGoesNowhereThroughHome() throws Exception {
        try (TunnelHome home = new TunnelHome(postgres.port(), null);
                EdgeFixture edge = edge("home", "disable", home);
                Connection connection = Postgres.connect(edge.port(), "postgres");
                Statement statement = connection.createStatement()) {
            CompletableFuture<Void> running = sleep(statement);
            request(edge, new byte[4]);
            assertThat(home.opened).hasValue(1);
            assertThat(running).isNotDone();
            statement.cancel();
            assertThatThrownBy(running::get).isInstanceOf(ExecutionException.class);
        }
    }

    @Test
    void aKeyOfAnotherEdgeIsSentOnToTheServer() throws Exception {
        try (TunnelHome home = new TunnelHome(postgres.port(), null);
                EdgeFixture edge = edge("direct", "require", home);
                EdgeFixture other = edge("direct", "disable", home);
                Connection connection = Postgres.connect(edge.port(), "postgres");
                Statement statement = connection.createStatement()) {
            CompletableFuture<Void> running = sleep(statement);
            request(other, Relay.last.key);
            assertThatThrownBy(running::get).hasMessageContaining("canceling statement due to user request");
        }
    }

    private static EdgeFixture edge(String way, String mode, TunnelHome home) {
        return EdgeFixture.relaying(way, mode, postgres, home);
    }

    private static CompletableFuture<Void> sleep(Statement statement) throws SQLException {
        CompletableFuture<Void> running = CompletableFuture.runAsync(() -> {
            try {
                statement.execute("SELECT pg_sleep(60)");
            } catch (SQLException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        });
        await().untilAsserted(() -> assertThat(postgres.ask(SLEEPING)).containsExactly("1"));
        return running;
    }

    private static void request(EdgeFixture edge, byte[] key) throws Exception {
        try (RawClient client = new RawClient(edge.port())) {
            client.send(RawClient.packet(
                    StartupNegotiation.CANCEL_REQUEST,
                    ByteBuffer.allocate(4 + key.length)
                            .putInt(Relay.last.processId)
                            .put(key)
                            .array()));
            assertThat(client.isClosed()).isTrue();
        }
    }
}

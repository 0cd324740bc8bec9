package dev.perigee.home.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.database.TestServer;
import dev.perigee.testing.TokenIssuer;
import io.micrometer.core.instrument.MeterRegistry;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;

class TunnelTest {

    private static final int MB = 1 << 20;

    private static TestServer database;
    private ReactiveWebServerApplicationContext home;

    @BeforeAll
    static void create() {
        database = TestServer.start();
    }

    @AfterAll
    static void drop() {
        database.close();
    }

    @AfterEach
    void stop() {
        if (home != null) {
            home.close();
        }
    }

    private int start(String... properties) {
        return start(database.options("postgres"), properties);
    }

    private int start(ConnectionFactoryOptions options, String... properties) {
        home = TunnelApplication.start(options, properties);
        return home.getWebServer().getPort();
    }

    private double open() {
        return home.getBean(MeterRegistry.class)
                .get("perigee.home.tunnel.connections")
                .gauge()
                .value();
    }

    private double bytes(String direction) {
        return home.getBean(MeterRegistry.class)
                .get("perigee.home.tunnel.bytes")
                .tag("direction", direction)
                .counter()
                .count();
    }

    private static String sessions(String name) {
        return database.ask("select count(*) from pg_stat_activity where application_name = '" + name + "'")
                .get(0);
    }

    @Test
    void carriesASessionOfARealDriver() throws SQLException, IOException {
        int port = start();
        try (Bridge bridge = new Bridge(port);
                Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://localhost:" + bridge.port() + "/postgres?user=postgres&sslmode=disable");
                Statement statement = connection.createStatement()) {
            try (ResultSet rows = statement.executeQuery(
                    "select string_agg(md5(i::text), '' order by i), md5(string_agg(md5(i::text), '' order by i))"
                            + " from generate_series(1, 330000) i")) {
                assertThat(rows.next()).isTrue();
                String large = rows.getString(1);
                assertThat(large).hasSizeGreaterThan(10 * MB);
                try (PreparedStatement back = connection.prepareStatement("select md5(?)")) {
                    back.setString(1, large);
                    try (ResultSet digest = back.executeQuery()) {
                        assertThat(digest.next()).isTrue();
                        assertThat(digest.getString(1)).isEqualTo(rows.getString(2));
                    }
                }
            }
            assertThat(open()).isEqualTo(1);
            assertThat(bytes("from-database")).isGreaterThan(10 * MB);
            assertThat(bytes("to-database")).isGreaterThan(10 * MB);
        }
        await().until(() -> open() == 0);
    }

    @Test
    @Tag("long")
    void anIdleSessionOutlivesEveryTimeout() {
        int port = start(
                "server.netty.idle-timeout=200ms",
                "perigee.web.request-timeout=200ms",
                "perigee.home.tunnel.ping-interval=100ms");
        try (TunnelClient client = TunnelClient.open(port, "edge-token").login("idle")) {
            await().until(() -> client.pings.get() >= 12);
            client.query("select 'still ' || 'there'");
            await().until(() -> client.text().contains("still there"));
        }
    }

    @Test
    void endsWhenItsTokenExpires() {
        try (TokenIssuer issuer = new TokenIssuer()) {
            int port = start(
                    "spring.security.oauth2.resourceserver.jwt.issuer-uri=" + issuer.uri(),
                    "spring.security.oauth2.resourceserver.jwt.audiences=" + TokenIssuer.AUDIENCE,
                    "perigee.security.jwt.clock-skew=0s");
            String token = issuer.sign(
                    issuer.claims("EDGE").expirationTime(Date.from(Instant.now().plusSeconds(8))));
            try (TunnelClient client = TunnelClient.open(port, token).login("expiring")) {
                assertThat(client.closeCode()).isEqualTo(1008);
            }
            await().until(() -> open() == 0 && sessions("expiring").equals("0"));
            assertThatThrownBy(() -> TunnelClient.open(port, token))
                    .hasCauseInstanceOf(WebSocketHandshakeException.class);
        }
    }

    @Test
    void aClientThatHasVanishedIsNotWaitedForForEver() throws IOException {
        int port = start("perigee.home.tunnel.ping-interval=50ms");
        try (Socket silent = new Socket("localhost", port)) {
            silent.getOutputStream().write(handshake("edge-token").getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(silent.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 101");
            await().until(() -> open() == 1);
            await().until(() -> open() == 0);
        }
    }

    @Test
    void whatTheDatabaseSaysLastArrivesBeforeTheEnd() {
        int port = start();
        TunnelClient client = TunnelClient.open(port, "edge-token").login("killed");
        await().until(() -> sessions("killed").equals("1"));
        database.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'killed'");
        assertThat(client.closeCode()).isEqualTo(WebSocket.NORMAL_CLOSURE);
        assertThat(client.text()).contains("57P01");
        await().until(() -> open() == 0);
    }

    @Test
    void aClientThatGoesTakesItsSessionAlong() {
        int port = start();
        TunnelClient polite = TunnelClient.open(port, "edge-token").login("polite");
        TunnelClient rude = TunnelClient.open(port, "edge-token").login("rude");
        await().until(() -> sessions("polite").equals("1") && sessions("rude").equals("1"));
        polite.close();
        await().until(() -> sessions("polite").equals("0"));
        rude.abort();
        await().until(() -> sessions("rude").equals("0"));
        await().until(() -> open() == 0);
    }

    @Test
    void textIsRefused() {
        int port = start();
        TunnelClient client = TunnelClient.open(port, "edge-token").login("text");
        client.sendText("select 1").join();
        assertThat(client.closeCode()).isEqualTo(1003);
        await().until(() -> sessions("text").equals("0"));
    }

    @Test
    @Tag("long")
    void whoDoesNotReadHoldsUpTheDatabaseAndNotOurMemory() {
        int port = start();
        TunnelClient client = TunnelClient.open(port, "edge-token", false).login("slow");
        client.query("select repeat('x', 1000) from generate_series(1, 200000)");
        double held = settled("from-database");
        // What lies in the buffers of the kernel, on both connections, and a few pieces in between.
        assertThat(held).isBetween(1.0, 32.0 * MB);
        client.read();
        await().atMost(Duration.ofSeconds(60)).until(() -> client.received.get() > 200_000_000);
        await().until(() -> bytes("from-database") == client.received.get());
        assertThat(client.largest.get()).isLessThanOrEqualTo(Tunnel.MAX_FRAME);
        client.close();
    }

    @Test
    @Tag("long")
    void aDatabaseThatDoesNotReadHoldsUpTheClientAndNotOurMemory() {
        int port = start();
        TunnelClient client = TunnelClient.open(port, "edge-token").login("busy");
        try (TunnelClient holder = TunnelClient.open(port, "edge-token").login("holder")) {
            holder.query("select pg_advisory_lock(7)");
            await().until(() -> holder.text().contains("SELECT 1"));
            client.query("select pg_advisory_lock(7)");
            byte[] next = TunnelClient.query(new byte[60_000]);
            CompletableFuture<?> flood = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 2000; i++) {
                    client.send(next).join();
                }
            });
            assertThat(settled("to-database")).isBetween(1.0, 32.0 * MB);
            assertThat(flood).isNotDone();
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> bytes("to-database") > 2000 * 60_000.0);
        client.close();
    }

    /** How much it is once it does not grow any more. */
    private double settled(String direction) {
        double[] last = {-1};
        await().pollInterval(Duration.ofMillis(500))
                .atMost(Duration.ofSeconds(30))
                .until(() -> {
                    double now = bytes(direction);
                    boolean same = now == last[0] && now > 1000;
                    last[0] = now;
                    return same;
                });
        return last[0];
    }

    @Test
    void thereAreOnlySoMany() throws IOException {
        int port = start("perigee.home.tunnel.max-connections=3", "perigee.home.tunnel.max-connections-per-token=2");
        TunnelClient first = TunnelClient.open(port, "edge-token");
        TunnelClient second = TunnelClient.open(port, "edge-token");
        assertThat(answer(port, "edge-token"))
                .startsWith("HTTP/1.1 503")
                .contains("\"code\":\"tunnels-exhausted\"")
                .contains("This token has 2");
        TunnelClient third = TunnelClient.open(port, "other-token");
        assertThat(answer(port, "other-token")).startsWith("HTTP/1.1 503").contains("This home has 3");
        third.close();
        first.abort();
        await().until(() -> open() == 1);
        TunnelClient.open(port, "edge-token").close();
        second.close();
    }

    @Test
    void aDatabaseThatIsDownIsSaidBeforeTheUpgrade() throws IOException {
        int free;
        try (ServerSocket probe = new ServerSocket(0)) {
            free = probe.getLocalPort();
        }
        int port = start(database.options("postgres")
                .mutate()
                .option(ConnectionFactoryOptions.PORT, free)
                .build());
        assertThat(answer(port, "edge-token")).startsWith("HTTP/1.1 503").contains("\"code\":\"database-unavailable\"");
        assertThat(open()).isEqualTo(0);
    }

    @Test
    void throughAUnixSocketThereAreNone() throws IOException {
        int port = start(database.options("postgres")
                .mutate()
                .option(PostgresqlConnectionFactoryProvider.SOCKET, "/tmp/.s.PGSQL.5432")
                .build());
        assertThat(answer(port, "edge-token")).startsWith("HTTP/1.1 503").contains("Unix socket");
    }

    @Test
    void onlyEdgesMayAndOnlyByUpgrade() throws IOException {
        int port = start();
        assertThat(answer(port, "wrong")).startsWith("HTTP/1.1 401").contains("unauthorized");
        assertThat(answer(port, "client-token")).startsWith("HTTP/1.1 403").contains("forbidden");
        assertThat(raw(port, handshake("edge-token").replace("websocket", "x")))
                .startsWith("HTTP/1.1 400")
                .contains("invalid-request");
        assertThatThrownBy(() -> TunnelClient.open(port, "client-token"))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(WebSocketHandshakeException.class);
        assertThat(bytes("to-database")).isEqualTo(0);
    }

    @Test
    void mayBeSwitchedOff() throws IOException {
        int port = start("perigee.home.tunnel.enabled=false");
        assertThat(answer(port, "edge-token")).startsWith("HTTP/1.1 404").contains("opens no tunnels");
    }

    @Test
    @Tag("long")
    void atShutdownAllEndQuickly() {
        int port = start();
        TunnelClient client = TunnelClient.open(port, "edge-token").login("last");
        TunnelClient stuck = TunnelClient.open(port, "edge-token", false).login("stuck");
        stuck.query("select repeat('x', 1000) from generate_series(1, 200000)");
        settled("from-database");
        long begun = System.nanoTime();
        home.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        assertThat(client.closeCode()).isEqualTo(1001);
        await().until(() -> sessions("last").equals("0") && sessions("stuck").equals("0"));
        home = null;
    }

    private static String handshake(String token) {
        return """
                GET /api/edge/tunnel HTTP/1.1
                Host: a
                Connection: Upgrade
                Upgrade: websocket
                Sec-WebSocket-Version: 13
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                Authorization: Bearer %s

                """.formatted(token).replace("\n", "\r\n");
    }

    private static String answer(int port, String token) throws IOException {
        return raw(port, handshake(token));
    }

    private static String raw(int port, String request) throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            StringBuilder answer = new StringBuilder();
            byte[] buffer = new byte[8192];
            // The body of a problem is small, and the last that comes.
            while (answer.indexOf("\r\n\r\n") < 0 || answer.indexOf("}") < 0) {
                int n = socket.getInputStream().read(buffer);
                if (n < 0) {
                    break;
                }
                answer.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
            }
            return answer.toString();
        }
    }
}

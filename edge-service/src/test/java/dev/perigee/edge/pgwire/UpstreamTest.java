package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** Each way to a real PostgreSQL, with pgjdbc at the other end of the edge. */
@ExtendWith(NoLeaks.class)
class UpstreamTest {

    private static final String ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

    @TempDir
    static Path directory;

    static TestCertificates certificates;
    static TestCertificates others;
    static Postgres plain;
    static Postgres encrypted;

    @BeforeAll
    static void start() throws Exception {
        certificates = new TestCertificates(directory)
                .issue("server", "dns:localhost")
                .issue("certified", "dns:client")
                .issue("home", "dns:localhost");
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        others = new TestCertificates(elsewhere);
        plain = new Postgres(directory.resolve("plain"));
        encrypted = Postgres.withTls(directory, certificates, "server");
    }

    @AfterAll
    static void stop() throws Exception {
        plain.close();
        encrypted.close();
    }

    private static EdgeFixture edge(List<String> homes, String... settings) {
        DefaultSslBundleRegistry bundles = TestCertificates.bundles(
                "trusted",
                certificates.trust(),
                "certified",
                certificates.keyAndTrust("certified"),
                "others",
                others.trust());
        return new EdgeFixture(bundles, homes, Relay::sessions, settings);
    }

    @ParameterizedTest(name = "{0} {1} {2} {3} {4}")
    @CsvSource({
        // mode, upstream's host, bundle, user; what comes of it with a server without TLS, and with one that has it
        "disable, localhost, , postgres, f, f",
        "allow, localhost, , postgres, f, f",
        "prefer, localhost, , postgres, f, t",
        "require, localhost, , postgres, does not support TLS, t",
        "verify-ca, localhost, trusted, postgres, does not support TLS, t",
        "verify-full, localhost, trusted, postgres, does not support TLS, t",
        // by the server's own rules
        "disable, localhost, , tls_only, , no encryption",
        "allow, localhost, , tls_only, , t",
        "prefer, localhost, , plain_only, , f",
        "require, localhost, , plain_only, , SSL encryption",
        // whom we trust
        "require, localhost, others, postgres, , PKIX path",
        "prefer, localhost, others, postgres, , t",
        "verify-ca, localhost, , postgres, , PKIX path",
        "verify-ca, localhost, others, postgres, , PKIX path",
        "verify-full, localhost, others, postgres, , PKIX path",
        "verify-ca, 127.0.0.1, trusted, postgres, , t",
        "verify-full, 127.0.0.1, trusted, postgres, , No subject alternative names",
        // and who is trusted
        "require, localhost, certified, certified, , t",
        "require, localhost, trusted, certified, , valid client certificate",
    })
    void eachModeOfTls(String mode, String host, String bundle, String user, String without, String with)
            throws SQLException {
        if (without != null) {
            assertComesOf(without, List.of(), mode, host + ":" + plain.port(), bundle, user);
        }
        assertComesOf(with, List.of(), mode, host + ":" + encrypted.port(), bundle, user);
        if (host.equals("localhost")) {
            try (TunnelHome home = new TunnelHome(encrypted.port(), null)) {
                assertComesOf(with, List.of(home.url()), mode, "home", bundle, user);
            }
        }
    }

    private static void assertComesOf(
            String expected, List<String> homes, String mode, String upstream, String bundle, String user)
            throws SQLException {
        List<String> settings = new ArrayList<>(List.of("tls-mode", mode, "upstream", upstream));
        if (upstream.equals("home")) {
            settings.addAll(List.of("tls-server-name", "localhost"));
        }
        if (bundle != null) {
            settings.addAll(List.of("tls-bundle", bundle));
        }
        try (EdgeFixture edge = edge(homes, settings.toArray(String[]::new))) {
            if (expected.length() == 1) {
                try (Connection connection = Postgres.connect(edge.port(), user)) {
                    assertThat(Postgres.ask(connection, ENCRYPTED)).containsExactly(expected);
                }
            } else {
                assertThatThrownBy(() -> Postgres.connect(edge.port(), user))
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining(expected);
            }
        }
    }

    @Test
    void theNameToVerifyCanBeSaid() throws SQLException {
        try (EdgeFixture edge = edge(
                List.of(),
                "upstream",
                "127.0.0.1:" + encrypted.port(),
                "tls-mode",
                "verify-full",
                "tls-bundle",
                "trusted",
                "tls-server-name",
                "localhost")) {
            try (Connection connection = Postgres.connect(edge.port(), "postgres")) {
                assertThat(Postgres.ask(connection, ENCRYPTED)).containsExactly("t");
            }
        }
    }

    @Test
    void theFirstHomeThatCanBeReachedIsTaken() throws SQLException {
        try (TunnelHome second = new TunnelHome(plain.port(), null);
                TunnelHome third = new TunnelHome(plain.port(), null);
                EdgeFixture edge = edge(List.of("http://127.0.0.1:11", second.url(), third.url()))) {
            try (Connection connection = Postgres.connect(edge.port(), "postgres")) {
                assertThat(Postgres.ask(connection, "SELECT 42")).containsExactly("42");
            }
            assertThat(second.opened).hasValue(1);
            assertThat(third.opened).hasValue(0);
        }
    }

    @Test
    void aHomeWithoutATunnelIsNamed() {
        DisposableServer without = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .route(routes -> {})
                .bindNow();
        try (EdgeFixture edge = edge(List.of("http://127.0.0.1:" + without.port()))) {
            assertThatThrownBy(() -> Postgres.connect(edge.port(), "postgres"))
                    .hasMessageContaining("home 127.0.0.1:" + without.port() + " refuses a tunnel: 404");
        } finally {
            without.disposeNow();
        }
    }

    @Test
    void aHomeWithACertificateThatNobodyKnowsIsNotTalkedTo() throws Exception {
        SslContext tls = SslContextBuilder.forServer(
                        certificates.key("home").getManagers().getKeyManagerFactory())
                .build();
        try (TunnelHome home = new TunnelHome(plain.port(), tls);
                EdgeFixture edge = edge(List.of(home.httpsUrl()))) {
            assertThatThrownBy(() -> Postgres.connect(edge.port(), "postgres")).hasMessageContaining("PKIX path");
            assertThat(home.opened).hasValue(0);
        }
    }

    @Test
    void whatCannotBeReachedIsSaid() {
        try (EdgeFixture edge = edge(List.of(), "upstream", "127.0.0.1:11")) {
            assertThatThrownBy(() -> Postgres.connect(edge.port(), "postgres"))
                    .hasMessageContaining("Connection refused");
        }
        try (EdgeFixture edge = edge(List.of(), "upstream", "nowhere.invalid:5432")) {
            assertThatThrownBy(() -> Postgres.connect(edge.port(), "postgres")).hasMessageContaining("nowhere.invalid");
        }
    }
}

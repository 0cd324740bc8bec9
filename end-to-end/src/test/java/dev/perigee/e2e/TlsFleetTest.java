package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.testing.Authority;
import dev.perigee.testing.TokenIssuer;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * TLS everywhere: PostgreSQL to home, home to edges, edges to clients. One edge shows its certificate, and no token at all; the
 * other the tokens of an issuer, which expire every few seconds.
 */
@Tag("long")
class TlsFleetTest {

    private static final String EDGE_URI = "spiffe://example.org/perigee/edge/";
    private static final String SELECT = "SELECT v FROM tls_table WHERE id = 1";
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @TempDir
    private static Path files;

    private static Authority authority;
    private static HttpClient client;
    private static TokenIssuer issuer;
    private static Postgres postgres;
    private static Fleet fleet;
    private static int pgwire;

    @BeforeAll
    static void start() throws Exception {
        authority = new Authority("Fleet");
        client = newClient();
        issuer = new TokenIssuer();
        Path trust = authority.writeTrust(files.resolve("ca.crt"));
        Authority.write(authority.server(), files, "postgres");
        Files.setPosixFilePermissions(files.resolve("postgres.key"), PosixFilePermissions.fromString("rw-------"));
        Authority.write(authority.server(), files, "home");
        Authority.write(
                authority.issue(
                        "edge-1",
                        names -> names.addSanDnsName("localhost")
                                .addSanIpAddress("127.0.0.1")
                                .addSanUriName(URI.create(EDGE_URI + "edge-1"))),
                files,
                "edge");
        postgres = Postgres.start(Map.of(
                "wal_level",
                "logical",
                "ssl",
                "on",
                "ssl_cert_file",
                files.resolve("postgres.crt").toString(),
                "ssl_key_file",
                files.resolve("postgres.key").toString()));
        postgres.sql("CREATE TABLE tls_table (id int PRIMARY KEY, v int)", "INSERT INTO tls_table VALUES (1, 1)");
        fleet = new Fleet(postgres);
        fleet.launchHome(
                Fleet.HOME,
                arguments(
                        bundle("home"),
                        List.of(
                                "--spring.r2dbc.url=r2dbc:postgresql://localhost:" + postgres.port()
                                        + "/postgres?sslMode=verify-full&sslRootCert=" + trust,
                                "--server.ssl.client-auth=want",
                                "--perigee.security.mtls.edge-uri=" + EDGE_URI,
                                "--spring.security.oauth2.resourceserver.jwt.issuer-uri=" + issuer.uri(),
                                "--spring.security.oauth2.resourceserver.jwt.audiences=" + TokenIssuer.AUDIENCE,
                                "--perigee.security.jwt.clock-skew=0s",
                                "--perigee.security.jwt.edge-id-claim=edge_id")));
        awaitHealthy(Fleet.HOME, "https");
        pgwire = Ports.free();
        fleet.launchEdge(
                "edge-1",
                List.of(url(Fleet.HOME, "https")),
                arguments(
                        bundle("edge"),
                        List.of(
                                "--perigee.auth-token=",
                                "--perigee.home-tls-bundle=web",
                                "--perigee.edge.pgwire.port=" + pgwire,
                                "--perigee.edge.pgwire.allow-trust=true")));
        awaitHealthy("edge-1", "https");
    }

    @AfterAll
    static void stop() throws IOException {
        issuer.close();
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }

    private static HttpClient newClient() {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(authority.context(null))
                .build();
    }

    /** The bundle {@code web} of these files, as docs/tls.md has it. */
    private static List<String> bundle(String name) {
        String prefix = "--spring.ssl.bundle.pem.web.";
        return List.of(
                prefix + "keystore.certificate=" + files.resolve(name + ".crt"),
                prefix + "keystore.private-key=" + files.resolve(name + ".key"),
                prefix + "truststore.certificate=" + files.resolve("ca.crt"),
                prefix + "reload-on-update=true",
                "--spring.ssl.bundle.watch.file.quiet-period=100ms",
                "--server.ssl.bundle=web");
    }

    private static String[] arguments(List<String> some, List<String> more) {
        return Stream.concat(some.stream(), more.stream()).toArray(String[]::new);
    }

    private static URI url(String service, String scheme) {
        return URI.create(scheme + "://localhost:" + fleet.port(service));
    }

    private static HttpResponse<String> send(HttpClient by, HttpRequest.Builder request) {
        try {
            return by.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static void awaitHealthy(String service, String scheme) {
        fleet.process(service).await("healthy", LIMIT, () -> {
            try {
                return send(client, Http.request(url(service, scheme).resolve("/actuator/health"), null))
                        .body()
                        .contains("\"status\":\"UP\"");
            } catch (UncheckedIOException notYet) {
                return false;
            }
        });
    }

    private static Answer query(String edge, String scheme) {
        return Answer.of(send(client, Http.queryRequest(url(edge, scheme), SELECT)));
    }

    private static void awaitHit(String edge, String scheme) {
        await("a hit").atMost(LIMIT).until(() -> query(edge, scheme), Answer::isHit);
    }

    private static void awaitValue(String edge, String scheme, String value) {
        await(value)
                .atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> query(edge, scheme).column().get(0), value::equals);
    }

    @Test
    void withACertificateAndNoTokenItIsAnEdgeLikeAnyOther() throws Exception {
        awaitHit("edge-1", "https");
        for (int i = 0; i < 20; i++) {
            assertThat(query("edge-1", "https").isHit()).isTrue();
        }
        int next = 1 + Integer.parseInt(query("edge-1", "https").column().get(0));
        postgres.sql("UPDATE tls_table SET v = " + next);
        awaitValue("edge-1", "https", Integer.toString(next));
        awaitHit("edge-1", "https");
        assertThat(postgres.query("SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
                        + " WHERE a.application_name LIKE 'perigee%'"))
                .isEqualTo("t");
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + pgwire + "/postgres?user=postgres");
                var statement = connection.createStatement();
                var row = statement.executeQuery(SELECT)) {
            assertThat(row.next()).isTrue();
            assertThat(row.getInt(1)).isEqualTo(next);
        }
    }

    /** Of what an edge shows until then, there is no more than this. */
    private static void writeToken(Path file, Instant expiry) throws IOException {
        Files.writeString(
                file.resolveSibling("next"),
                issuer.sign(issuer.claims("EDGE").claim("edge_id", "edge-2").expirationTime(Date.from(expiry))));
        Files.move(file.resolveSibling("next"), file, StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void anEdgeWhoseTokenExpiresGoesOnWithTheNextWithoutAFlush() throws Exception {
        Path file = files.resolve("token");
        writeToken(file, Instant.now().plusSeconds(40));
        fleet.launchEdge(
                "edge-2",
                List.of(url(Fleet.HOME, "https")),
                "--perigee.auth-token=",
                "--perigee.auth-token-file=" + file,
                "--perigee.home-tls-bundle=trust",
                "--spring.ssl.bundle.pem.trust.truststore.certificate=" + files.resolve("ca.crt"));
        awaitHealthy("edge-2", "http");
        awaitHit("edge-2", "http");
        writeToken(file, Instant.now().plusSeconds(600));
        await("the former token has expired")
                .atMost(LIMIT)
                .until(() -> fleet.process("edge-2").log().contains("has expired"));
        awaitHealthy("edge-2", "http");
        assertThat(query("edge-2", "http").isHit()).isTrue();
        assertThat(Fleet.metric(url("edge-2", "http"), "perigee_edge_resets_total", ""))
                .isEqualTo(1);
        int next = 1 + Integer.parseInt(query("edge-2", "http").column().get(0));
        postgres.sql("UPDATE tls_table SET v = " + next);
        awaitValue("edge-2", "http", Integer.toString(next));
    }

    @Test
    void homeShowsARenewedCertificateWithoutARestart() throws Exception {
        X509Bundle renewed = authority.server();
        BigInteger serial = renewed.getCertificate().getSerialNumber();
        Authority.write(renewed, files, "home");
        await("the new certificate").atMost(LIMIT).until(() -> {
            HttpResponse<String> answer =
                    send(newClient(), Http.request(url(Fleet.HOME, "https").resolve("/actuator/health"), null));
            return ((X509Certificate) answer.sslSession().orElseThrow().getPeerCertificates()[0])
                    .getSerialNumber()
                    .equals(serial);
        });
        awaitHealthy("edge-1", "https");
    }
}

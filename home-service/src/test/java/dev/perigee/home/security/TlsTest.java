package dev.perigee.home.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.edges.HttpTestApplication;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.testing.Authority;
import dev.perigee.web.Role;
import dev.perigee.web.WireJson;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** TLS with real certificates on a real port, clients asked for theirs, and what the files hold replaced meanwhile. */
@SpringBootTest(
        classes = HttpTestApplication.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "server.ssl.bundle=web",
            "server.ssl.client-auth=want",
            "spring.ssl.bundle.pem.web.reload-on-update=true",
            "spring.ssl.bundle.watch.file.quiet-period=50ms",
            "perigee.security.mtls.edge-uri=spiffe://example.org/perigee/edge/",
            "perigee.security.tokens[0].name=client",
            "perigee.security.tokens[0].value=CLIENT-token",
            "perigee.security.tokens[0].roles=CLIENT",
            "perigee.security.tokens[1].name=admin",
            "perigee.security.tokens[1].value=ADMIN-token",
            "perigee.security.tokens[1].roles=ADMIN",
        })
class TlsTest {

    private static final String EDGE_URI = "spiffe://example.org/perigee/edge/";
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Authority OURS = new Authority("Ours");
    private static final Authority THEIRS = new Authority("Theirs");

    @TempDir
    private static Path files;

    @LocalServerPort
    private int port;

    @Autowired
    private InvalidationLog log;

    @Autowired
    private MeterRegistry meters;

    @DynamicPropertySource
    static void certificates(DynamicPropertyRegistry registry) {
        ServerCertificate.register(OURS, files, registry);
    }

    @BeforeEach
    void begin() {
        log.begin("7.1.1", 1, Instant.EPOCH);
    }

    private static HttpClient client(X509Bundle shown) {
        return client(OURS.context(shown));
    }

    private static HttpClient client(SSLContext context) {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(context)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
    }

    private static X509Bundle edge(String id) {
        return OURS.client(EDGE_URI + id);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("https://localhost:" + port + path))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json");
    }

    private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> get(HttpClient client, String path) throws Exception {
        return send(client, request(path));
    }

    private HttpResponse<Stream<String>> register(HttpClient client, String id) throws Exception {
        return client.send(
                request("/api/edge/register")
                        .POST(BodyPublishers.ofString(
                                "{\"edge_id\":\"" + id + "\",\"region\":\"here\",\"base_url\":\"http://a\"}"))
                        .build(),
                BodyHandlers.ofLines());
    }

    private HttpRequest.Builder ack(String id, long generation, long version) {
        return request("/api/edge/" + id + "/ack")
                .POST(BodyPublishers.ofString("{\"generation\":" + generation + ",\"up_to_version\":" + version + "}"));
    }

    private static long number(String json, String name) {
        return WireJson.mapper().readTree(json).get(name).asLong();
    }

    /** The data of the next frame of this kind. */
    private static String frame(Iterator<String> lines, String event) {
        while (!lines.next().equals("event:" + event)) {}
        return lines.next().substring("data:".length());
    }

    private static void problem(HttpResponse<String> answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(WireJson.mapper().readTree(answer.body()).get("code").asString())
                .isEqualTo(code);
    }

    private long acksTheWholeWay() {
        return meters.find("http.server.requests").tag("uri", "/api/edge/{id}/ack").timers().stream()
                .mapToLong(Timer::count)
                .sum();
    }

    @Test
    void anEdgeIsWhoItsCertificateSaysAndNobodyElse() throws Exception {
        HttpClient client = client(edge("edge-a"));
        HttpResponse<Stream<String>> stream = register(client, "edge-a");
        assertThat(stream.statusCode()).isEqualTo(200);
        Iterator<String> lines = stream.body().iterator();
        long generation = number(frame(lines, "hello"), "generation");
        long reset = number(frame(lines, "reset"), "up_to_version");

        // One whose body comes after its head takes the whole way, and this client sends them in two records.
        await("some take the short cut").atMost(Duration.ofMinutes(1)).until(() -> {
            long before = acksTheWholeWay();
            for (int i = 0; i < 20; i++) {
                assertThat(send(client, ack("edge-a", generation, reset)).statusCode())
                        .isEqualTo(200);
            }
            return acksTheWholeWay() - before < 15;
        });
        problem(send(client, ack("edge-b", generation, reset)), 403, "edge-id-mismatch");
        problem(send(client(edge("edge-b")), ack("edge-a", generation, reset)), 403, "edge-id-mismatch");
        assertThat(register(client, "edge-b").statusCode()).isEqualTo(403);
        stream.body().close();
    }

    @ParameterizedTest
    @MethodSource("dev.perigee.home.security.SecurityMatrixTest#endpoints")
    void aCertificateHasTheRoleOfAnEdgeAtEachEndpoint(SecurityMatrixTest.Endpoint endpoint) throws Exception {
        HttpRequest.Builder request =
                request(endpoint.path()).method(endpoint.method().name(), BodyPublishers.noBody());
        if (endpoint.allowed().contains(Role.EDGE)) {
            HttpResponse<Stream<String>> answer = client(edge("edge-a")).send(request.build(), BodyHandlers.ofLines());
            assertThat(answer.statusCode()).isNotIn(401, 403);
            answer.body().close();
        } else {
            problem(send(client(edge("edge-a")), request), 403, "forbidden");
        }
        problem(send(client((X509Bundle) null), request), 401, "unauthorized");
        problem(send(client(OURS.client("spiffe://example.org/app")), request), 401, "unauthorized");
    }

    @Test
    void aCertificateThatNamesNoEdgeOrSeveralStandsForNothing() throws Exception {
        for (X509Bundle shown : List.of(
                OURS.client(),
                OURS.client(EDGE_URI),
                OURS.client(EDGE_URI + "a/b"),
                OURS.client("spiffe://example.com/perigee/edge/edge-a"),
                OURS.client("SPIFFE://example.org/perigee/edge/edge-a"),
                OURS.client(EDGE_URI + "edge-a", EDGE_URI + "edge-b"),
                OURS.issue("edge-a", builder -> builder.addSanDnsName("edge-a")),
                OURS.issue(EDGE_URI + "edge-a", builder -> builder))) {
            problem(get(client(shown), "/api/query"), 401, "unauthorized");
        }
    }

    @Test
    void whoShowsATokenIsJudgedByThatAlone() throws Exception {
        HttpClient client = client(edge("edge-a"));
        problem(send(client, ack("edge-a", 1, 1).header("Authorization", "Bearer wrong")), 401, "unauthorized");
        problem(send(client, ack("edge-a", 1, 1).header("Authorization", "Basic YTpi")), 401, "unauthorized");
        problem(send(client, ack("edge-a", 1, 1).header("Authorization", "Bearer CLIENT-token")), 403, "forbidden");
        assertThat(send(client, request("/api/edge").header("Authorization", "Bearer ADMIN-token"))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void certificatesOfOthersOrThatHaveExpiredAreRefusedByTls() {
        X509Bundle expired = OURS.issue(
                "late",
                builder -> builder.addSanUriName(URI.create(EDGE_URI + "edge-a"))
                        .notAfter(Instant.now().minusSeconds(60)));
        for (X509Bundle shown : List.of(THEIRS.client(EDGE_URI + "edge-a"), expired)) {
            assertThatThrownBy(() -> get(client(shown), "/api/query")).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> get(client(THEIRS.context(null)), "/actuator/health"))
                .isInstanceOf(IOException.class);
    }

    private BigInteger shownByHome() throws Exception {
        HttpResponse<String> answer = get(client((X509Bundle) null), "/actuator/health");
        return ((X509Certificate) answer.sslSession().orElseThrow().getPeerCertificates()[0]).getSerialNumber();
    }

    @Test
    void newConnectionsGetWhatTheFilesHoldByThen() throws Exception {
        HttpClient before = client(edge("edge-a"));
        assertThat(get(before, "/api/edge").statusCode()).isEqualTo(403);

        X509Bundle renewed = OURS.server();
        Authority.write(renewed, files, "web");
        await("the new certificate")
                .atMost(LIMIT)
                .until(() -> shownByHome().equals(renewed.getCertificate().getSerialNumber()));

        THEIRS.writeTrust(files.resolve("trust.crt"));
        await("the new authority")
                .atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> get(client(OURS.context(THEIRS.client(EDGE_URI + "edge-t"))), "/api/edge")
                                .statusCode()
                        == 403);
        assertThatThrownBy(() -> get(client(edge("edge-a")), "/api/edge")).isInstanceOf(IOException.class);
        // What is connected stays so.
        assertThat(get(before, "/api/edge").statusCode()).isEqualTo(403);

        OURS.writeTrust(files.resolve("trust.crt"));
        await("the former authority")
                .atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> get(client(edge("edge-a")), "/api/edge").statusCode() == 403);
    }
}

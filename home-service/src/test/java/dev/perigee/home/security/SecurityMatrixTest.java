package dev.perigee.home.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.home.edges.HttpTestApplication;
import dev.perigee.testing.TokenIssuer;
import dev.perigee.web.Role;
import dev.perigee.web.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;
import tools.jackson.databind.JsonNode;

/** Each role at each endpoint, and what a request that goes wrong is answered. */
@SpringBootTest(
        classes = HttpTestApplication.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.security.oauth2.resourceserver.jwt.audiences=" + TokenIssuer.AUDIENCE,
            "perigee.security.tokens[0].name=edge",
            "perigee.security.tokens[0].value=EDGE-token",
            "perigee.security.tokens[0].roles=EDGE",
            "perigee.security.tokens[1].name=client",
            "perigee.security.tokens[1].value=CLIENT-token",
            "perigee.security.tokens[1].roles=CLIENT",
            "perigee.security.tokens[2].name=admin",
            "perigee.security.tokens[2].value=ADMIN-token",
            "perigee.security.tokens[2].roles=ADMIN",
            "perigee.security.tokens[3].name=metrics",
            "perigee.security.tokens[3].value=METRICS-token",
            "perigee.security.tokens[3].roles=METRICS",
        })
class SecurityMatrixTest {

    private static final TokenIssuer ISSUER = new TokenIssuer();

    @LocalServerPort
    private int port;

    @DynamicPropertySource
    static void issuer(DynamicPropertyRegistry registry) {
        registry.add("spring.security.oauth2.resourceserver.jwt.issuer-uri", ISSUER::uri);
    }

    @AfterAll
    static void close() {
        ISSUER.close();
    }

    record Endpoint(HttpMethod method, String path, Set<Role> allowed) {}

    static List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(HttpMethod.POST, "/api/edge/register", EnumSet.of(Role.EDGE)),
                new Endpoint(HttpMethod.GET, "/api/edge/subscribe", EnumSet.of(Role.EDGE)),
                new Endpoint(HttpMethod.POST, "/api/edge/edge-a/ack", EnumSet.of(Role.EDGE)),
                new Endpoint(HttpMethod.GET, "/api/edge", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/api/edge/edge-a", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.DELETE, "/api/edge/edge-a", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.POST, "/api/edge/invalidate", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.POST, "/api/edge/prune", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/api/edge/eligible", EnumSet.of(Role.ADMIN, Role.CLIENT)),
                new Endpoint(HttpMethod.GET, "/api/edge/edge-a/stats", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/api/edge/edge-a/cache", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.PUT, "/api/edge/edge-a/cache", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.DELETE, "/api/edge/edge-a/cache", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/api/edge/edge-a/report", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.POST, "/api/edge/edge-a/report", EnumSet.of(Role.EDGE)),
                // What is let in with GET is a stream without end.
                new Endpoint(HttpMethod.DELETE, "/api/console/stream", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/api/console/hits", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/api/console/decisions", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/api/console/a/b", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.GET, "/api/home", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/api/tables", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.POST, "/api/query", EnumSet.of(Role.CLIENT, Role.EDGE)),
                new Endpoint(HttpMethod.POST, "/api/transaction", EnumSet.of(Role.CLIENT, Role.EDGE)),
                new Endpoint(HttpMethod.GET, "/api/edge/tunnel", EnumSet.of(Role.EDGE)),
                new Endpoint(HttpMethod.POST, "/api/statements", EnumSet.of(Role.EDGE)),
                new Endpoint(HttpMethod.GET, "/actuator/info", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/actuator/sbom", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/actuator/sbom/application", EnumSet.of(Role.ADMIN)),
                new Endpoint(HttpMethod.GET, "/v3/api-docs", EnumSet.of(Role.ADMIN, Role.CLIENT)),
                new Endpoint(HttpMethod.GET, "/v3/api-docs/swagger-config", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.GET, "/webjars/swagger-ui/index.html", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.GET, "/actuator/prometheus", EnumSet.of(Role.ADMIN, Role.METRICS)),
                new Endpoint(HttpMethod.GET, "/actuator", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.GET, "/actuator/env", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.POST, "/", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.PUT, "/console/main.js", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.GET, "/console/a/b", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.GET, "/login", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.GET, "/api/edge/edge-a/more", EnumSet.noneOf(Role.class)),
                new Endpoint(HttpMethod.GET, "/nothing", EnumSet.noneOf(Role.class)));
    }

    private WebTestClient client() {
        return WebTestClient.bindToServer()
                .baseUrl("http://localhost:" + port)
                .responseTimeout(Duration.ofSeconds(10))
                .codecs(codecs -> codecs.defaultCodecs().maxInMemorySize(4 << 20))
                .build();
    }

    private EntityExchangeResult<byte[]> call(HttpMethod method, String path, String token) {
        return client().method(method)
                .uri(path)
                .headers(headers -> {
                    if (token != null) {
                        headers.setBearerAuth(token);
                    }
                })
                .exchange()
                .expectBody()
                .returnResult();
    }

    private static void problem(EntityExchangeResult<byte[]> answer, int status, String code) {
        assertThat(answer.getStatus().value()).isEqualTo(status);
        assertThat(answer.getResponseHeaders().getContentType()).isEqualTo(MediaType.APPLICATION_PROBLEM_JSON);
        JsonNode body = WireJson.mapper().readTree(answer.getResponseBodyContent());
        assertThat(body.get("code").asString()).isEqualTo(code);
        assertThat(body.get("status").asInt()).isEqualTo(status);
        assertThat(body.get("type").asString()).isEqualTo("urn:perigee:problem:" + code);
        assertThat(body.get("title").asString()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("endpoints")
    void eachRoleAtEachEndpoint(Endpoint endpoint) {
        EntityExchangeResult<byte[]> anonymous = call(endpoint.method(), endpoint.path(), null);
        problem(anonymous, 401, "unauthorized");
        assertThat(anonymous.getResponseHeaders().getFirst(HttpHeaders.WWW_AUTHENTICATE))
                .isEqualTo("Bearer");
        problem(call(endpoint.method(), endpoint.path(), "wrong"), 401, "unauthorized");
        problem(call(endpoint.method(), endpoint.path(), ""), 401, "unauthorized");
        for (Role role : Role.values()) {
            for (String token : List.of(role + "-token", ISSUER.token(role.name()))) {
                EntityExchangeResult<byte[]> answer = call(endpoint.method(), endpoint.path(), token);
                if (endpoint.allowed().contains(role)) {
                    assertThat(answer.getStatus().value())
                            .as("%s as %s", endpoint, role)
                            .isNotIn(401, 403);
                } else {
                    problem(answer, 403, "forbidden");
                }
            }
        }
    }

    @Test
    void healthIsOpenAndShowsItsInsidesToAdminsOnly() {
        for (String path : List.of("/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness")) {
            EntityExchangeResult<byte[]> anonymous = call(HttpMethod.GET, path, null);
            assertThat(anonymous.getStatus().value()).as(path).isEqualTo(200);
            assertThat(new String(anonymous.getResponseBodyContent(), StandardCharsets.UTF_8))
                    .doesNotContain("components");
        }
        assertThat(new String(
                        call(HttpMethod.GET, "/actuator/health", "CLIENT-token").getResponseBodyContent(),
                        StandardCharsets.UTF_8))
                .doesNotContain("components");
        assertThat(new String(
                        call(HttpMethod.GET, "/actuator/health", "ADMIN-token").getResponseBodyContent(),
                        StandardCharsets.UTF_8))
                .contains("components");
    }

    /** They are not there in this test; whoever may not see them would be told otherwise. */
    @Test
    void theFilesOfTheConsoleAreOpen() {
        problem(call(HttpMethod.GET, "/", null), 404, "not-found");
        problem(call(HttpMethod.GET, "/console/main.js", null), 404, "not-found");
        problem(call(HttpMethod.GET, "/console/..%2fapplication.yml", null), 400, "invalid-request");
    }

    @Test
    void metricsAreScraped() {
        String scraped = new String(
                call(HttpMethod.GET, "/actuator/prometheus", "METRICS-token").getResponseBodyContent(),
                StandardCharsets.UTF_8);
        assertThat(scraped)
                .contains("perigee_home_edges_connected")
                .contains("perigee_home_invalidations_applied_time_seconds_bucket");
    }

    @Test
    void beforeTheFeedIsThereNobodyIsRegistered() {
        problem(
                client().get()
                        .uri("/api/edge/subscribe?edge_id=a&region=here&base_url=http://a")
                        .headers(headers -> headers.setBearerAuth("EDGE-token"))
                        .exchange()
                        .expectBody()
                        .returnResult(),
                503,
                "feed-unavailable");
    }

    @Test
    void whatGoesWrongIsAProblemWithACode() {
        problem(call(HttpMethod.PUT, "/api/edge", "ADMIN-token"), 405, "method-not-allowed");
        assertThat(call(HttpMethod.PUT, "/api/edge", "ADMIN-token")
                        .getResponseHeaders()
                        .getAllow())
                .contains(HttpMethod.GET);
        problem(call(HttpMethod.GET, "/api/tables/", "ADMIN-token"), 403, "forbidden");
        problem(call(HttpMethod.GET, "/api/edge/edge-a", "ADMIN-token"), 404, "edge-unknown");
        problem(call(HttpMethod.POST, "/api/edge/invalidate", "ADMIN-token"), 400, "invalid-request");
        problem(invalidate(MediaType.TEXT_PLAIN, "all"), 415, "unsupported-media-type");
        problem(invalidate(MediaType.APPLICATION_JSON, "{"), 400, "invalid-request");
        problem(invalidate(MediaType.APPLICATION_JSON, "{\"all\":true,\"all\":true}"), 400, "invalid-request");
        problem(
                invalidate(MediaType.APPLICATION_JSON, "{\"tables\":[\"" + "x".repeat(1 << 21) + "\"]}"),
                413,
                "payload-too-large");
        problem(
                client().get()
                        .uri("/api/edge")
                        .headers(headers -> headers.setBearerAuth("ADMIN-token"))
                        .accept(MediaType.TEXT_HTML)
                        .exchange()
                        .expectBody()
                        .returnResult(),
                406,
                "not-acceptable");
    }

    private EntityExchangeResult<byte[]> invalidate(MediaType type, String body) {
        return client().post()
                .uri("/api/edge/invalidate")
                .headers(headers -> headers.setBearerAuth("ADMIN-token"))
                .contentType(type)
                .bodyValue(body)
                .exchange()
                .expectBody()
                .returnResult();
    }

    @Test
    void headersThatAreTooLargeAreRefused() throws IOException {
        assertThat(raw("GET /actuator/health HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(20_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431");
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            return new String(in.readNBytes(12), StandardCharsets.US_ASCII);
        }
    }
}

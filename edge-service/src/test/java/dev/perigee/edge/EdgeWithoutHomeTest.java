package dev.perigee.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

/** A whole edge over a real port, with a home that cannot be reached: who may do what, and what it says. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "perigee.home-url=http://127.0.0.1:11",
            "perigee.auth-token=to-home",
            "perigee.edge.id=edge-1",
            "perigee.security.tokens[0].name=client",
            "perigee.security.tokens[0].value=the-client",
            "perigee.security.tokens[0].roles=CLIENT",
            "perigee.security.tokens[1].name=admin",
            "perigee.security.tokens[1].value=the-admin",
            "perigee.security.tokens[1].roles=ADMIN",
            "perigee.security.tokens[2].name=metrics",
            "perigee.security.tokens[2].value=the-metrics",
            "perigee.security.tokens[2].roles=METRICS",
            "perigee.security.tokens[3].name=edge",
            "perigee.security.tokens[3].value=the-edge",
            "perigee.security.tokens[3].roles=EDGE",
        })
class EdgeWithoutHomeTest {

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @LocalServerPort
    int port;

    @ParameterizedTest
    @CsvSource({
        // who, method, path, body, status
        "'', GET, /actuator/health, , 200",
        "'', GET, /actuator/health/liveness, , 200",
        "'', GET, /actuator/health/readiness, , 200",
        "'', GET, /actuator/prometheus, , 401",
        "'', POST, /api/query, '{\"sql\":\"select 1\"}', 401",
        "'', GET, /api/cache, , 401",
        "'', GET, /nothing, , 401",
        "wrong, GET, /actuator/health, , 401",
        "wrong, POST, /api/query, '{\"sql\":\"select 1\"}', 401",
        "client, POST, /api/query, '{\"sql\":\"select 1\"}', 502",
        "client, POST, /api/transaction, '{\"statements\":[{\"sql\":\"select 1\"}]}', 502",
        "client, GET, /api/cache, , 403",
        "client, DELETE, /api/cache, , 403",
        "client, GET, /api/cache/entries, , 403",
        "client, GET, /actuator/prometheus, , 403",
        "client, GET, /actuator/info, , 403",
        "client, GET, /nothing, , 403",
        "admin, POST, /api/query, '{\"sql\":\"select 1\"}', 403",
        "admin, POST, /api/transaction, '{\"statements\":[{\"sql\":\"select 1\"}]}', 403",
        "admin, GET, /api/cache, , 200",
        "admin, GET, /api/cache/entries, , 200",
        "admin, GET, /api/cache/entries?limit=0, , 400",
        "admin, GET, /api/cache/entries?sort=colour, , 400",
        "admin, DELETE, /api/cache, , 204",
        "admin, DELETE, /api/cache?table=public.users, , 204",
        "admin, DELETE, /api/cache?table=, , 400",
        "admin, DELETE, /api/cache?table=a&table=b, , 400",
        "admin, DELETE, /api/cache?tabel=public.users, , 400",
        "admin, GET, /actuator/prometheus, , 200",
        "admin, GET, /actuator/info, , 200",
        "admin, GET, /actuator/env, , 403",
        "metrics, GET, /actuator/prometheus, , 200",
        "metrics, GET, /api/cache, , 403",
        "metrics, POST, /api/query, '{\"sql\":\"select 1\"}', 403",
        "edge, POST, /api/query, '{\"sql\":\"select 1\"}', 403",
        "edge, GET, /api/cache, , 403",
        "edge, GET, /actuator/prometheus, , 403",
        "metrics, POST, /api/transaction, '{\"statements\":[{\"sql\":\"select 1\"}]}', 403",
        "metrics, GET, /api/cache/entries, , 403",
        "metrics, DELETE, /api/cache, , 403",
        "edge, POST, /api/transaction, '{\"statements\":[{\"sql\":\"select 1\"}]}', 403",
        "edge, GET, /api/cache/entries, , 403",
        "edge, DELETE, /api/cache, , 403",
        "'', DELETE, /api/cache, , 401",
        "'', POST, /api/%71uery, '{\"sql\":\"select 1\"}', 401",
        "metrics, DELETE, /api/%63ache, , 403",
        "client, POST, /api/query/, '{\"sql\":\"select 1\"}', 403",
        "admin, GET, /api/cache/, , 404",
        "client, GET, /api/query, , 405",
        "client, OPTIONS, /api/cache, , 403",
        "admin, GET, /api/cache/entries?limit=-1, , 400",
        "admin, GET, /api/cache/entries?limit=99999999999, , 400",
        "admin, GET, /api/cache/entries?limit=few, , 400",
        // and what is wrong with a request
        "client, POST, /api/query, '{\"sql\":\"\"}', 400",
        "client, POST, /api/query, '{\"sql\":\"select 1\",\"colour\":1}', 400",
        "client, POST, /api/query, 'null', 400",
        "client, POST, /api/query, '{', 400",
        "client, POST, /api/transaction, '{\"statements\":[]}', 400",
    })
    void eachRoleAtEachEndpoint(String who, String method, String path, String body, int status) throws Exception {
        HttpResponse<String> response = call(who, method, path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        if (status >= 400 && !path.contains("health")) {
            assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(response.body()).contains("\"code\":\"");
        }
    }

    @Test
    void saysThatHomeCannotBeReached() throws Exception {
        HttpResponse<String> open = call("", "GET", "/actuator/health", null);
        assertThat(open.body()).contains("DEGRADED").doesNotContain("home_url");
        await().untilAsserted(() -> assertThat(
                        call("admin", "GET", "/actuator/health", null).body())
                .contains("\"link\"", "http://127.0.0.1:11", "Connection refused"));
        HttpResponse<String> query = call("client", "POST", "/api/query", "{\"sql\":\"select 1\"}");
        assertThat(query.body()).contains("\"code\":\"home-unreachable\"", "was not sent");
        assertThat(query.headers().firstValue("Cache-Status")).hasValue("edge-1; fwd=bypass; detail=home-unreachable");
    }

    @Test
    void onlyIfCachedDoesNotAskHome() throws Exception {
        HttpResponse<String> query =
                call("client", "POST", "/api/query", "{\"sql\":\"select 1\"}", "Cache-Control", "only-if-cached");
        assertThat(query.statusCode()).isEqualTo(504);
        assertThat(query.body()).contains("\"code\":\"not-cached\"");
        assertThat(query.headers().firstValue("Cache-Status")).hasValue("edge-1; detail=not-linked");
    }

    @Test
    void malformedMinVersionIsRefused() throws Exception {
        HttpResponse<String> query =
                call("client", "POST", "/api/query", "{\"sql\":\"select 1\"}", "Perigee-Min-Version", "yesterday");
        assertThat(query.statusCode()).isEqualTo(400);
        assertThat(query.body()).contains("\"code\":\"invalid-request\"", "Perigee-Min-Version");
    }

    @Test
    void countsWhatItDoes() throws Exception {
        call("client", "POST", "/api/query", "{\"sql\":\"select 1\"}");
        assertThat(call("metrics", "GET", "/actuator/prometheus", null).body())
                .contains("perigee_edge_bypasses_total{", "reason=\"not-linked\"", "perigee_edge_staleness_seconds");
    }

    private HttpResponse<String> call(String who, String method, String path, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(10))
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        if (!who.isEmpty()) {
            request.header("Authorization", "Bearer the-" + who);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}

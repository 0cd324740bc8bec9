package dev.perigee.e2e;

import dev.perigee.model.QueryRequest;
import dev.perigee.web.WireJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;

/** HTTP as a client would speak it. */
final class Http {

    static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final Duration TIMEOUT = Duration.ofSeconds(40);

    private Http() {}

    static Answer query(URI base, String sql, Object... params) {
        return send(queryRequest(base, sql, params).build());
    }

    static Answer queryMin(URI base, String minVersion, String sql, Object... params) {
        return send(queryRequest(base, sql, params)
                .header("Perigee-Min-Version", minVersion)
                .build());
    }

    static Answer onlyIfCached(URI base, String sql, Object... params) {
        return send(queryRequest(base, sql, params)
                .header("Cache-Control", "only-if-cached")
                .build());
    }

    static HttpRequest.Builder queryRequest(URI base, String sql, Object... params) {
        String body = WireJson.mapper().writeValueAsString(new QueryRequest(sql, Arrays.asList(params)));
        return request(base.resolve("/api/query"), Fleet.CLIENT)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body));
    }

    static Answer post(URI uri, String token, String json) {
        return send(request(uri, token)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json))
                .build());
    }

    static Answer put(URI uri, String token, String json) {
        return send(request(uri, token)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(json))
                .build());
    }

    static Answer get(URI uri, String token) {
        return send(request(uri, token).build());
    }

    static Answer delete(URI uri, String token) {
        return send(request(uri, token).DELETE().build());
    }

    static HttpRequest.Builder request(URI uri, String token) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(uri).timeout(TIMEOUT);
        return token == null ? builder : builder.header("Authorization", "Bearer " + token);
    }

    static Answer send(HttpRequest request) {
        try {
            return Answer.of(CLIENT.send(request, BodyHandlers.ofString()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }
}

package dev.perigee.e2e;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** The quickstart's client of edges: over HTTP, and by PostgreSQL's protocol. */
final class QuickstartClient {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String token;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    QuickstartClient(String token) {
        this.token = token;
    }

    /** What came back, by either protocol. */
    record Answer(int status, double millis, String cacheStatus, String version, String body) {

        String shortStatus() {
            int semicolon = cacheStatus.indexOf(';');
            String own = semicolon < 0 ? cacheStatus : cacheStatus.substring(semicolon + 2);
            return own.replace("fwd-status=200; ", "").replace("; fwd-status=200", "");
        }

        String shortBody() {
            int rows = body.indexOf("\"rows\":");
            return rows < 0 ? body : body.substring(rows + 7, body.length() - 1);
        }
    }

    Answer query(URI edge, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(edge.resolve("/api/query"))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        long began = System.nanoTime();
        HttpResponse<String> response = send(request.build());
        double millis = (System.nanoTime() - began) / 1e6;
        return new Answer(
                response.statusCode(),
                millis,
                response.headers().firstValue("Cache-Status").orElse(""),
                response.headers().firstValue("Perigee-Version").orElse(""),
                response.body().strip());
    }

    HttpResponse<String> get(URI uri) {
        return send(HttpRequest.newBuilder(uri).timeout(PATIENCE).build());
    }

    private HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException failure) {
            throw new IllegalStateException(request.uri() + ": " + failure, failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** The same read by PostgreSQL's protocol, and what the edge says of it. */
    static Answer query(Statement statement, String sql) {
        try {
            long began = System.nanoTime();
            String price;
            try (ResultSet row = statement.executeQuery(sql)) {
                row.next();
                price = row.getString("price");
            }
            double millis = (System.nanoTime() - began) / 1e6;
            try (ResultSet last = statement.executeQuery("SHOW perigee.last")) {
                last.next();
                String reason = last.getString("reason");
                String outcome = last.getString("outcome") + (reason == null ? "" : "; " + reason);
                return new Answer(200, millis, outcome, "", "{\"rows\":[[" + price + "]]}");
            }
        } catch (SQLException failure) {
            throw new IllegalStateException("by PostgreSQL's protocol: " + failure.getMessage(), failure);
        }
    }
}

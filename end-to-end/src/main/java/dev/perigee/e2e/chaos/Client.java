package dev.perigee.e2e.chaos;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** HTTP as an application would speak it. Thread-safe. */
final class Client {

    private static final Pattern ROWS = Pattern.compile("\"rows\":\\[((?:\\[-?\\d+(?:,-?\\d+)*],?)*)]");
    private static final Pattern NUMBER = Pattern.compile("-?\\d+");

    /** What came back. */
    record Answer(int status, HttpResponse<String> response) {

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        boolean isHit() {
            return header("Cache-Status").contains("; hit");
        }

        /** All numbers of all rows, in order; none if there is anything else. */
        List<Long> numbers() {
            List<Long> numbers = new ArrayList<>();
            Matcher rows = ROWS.matcher(response.body());
            if (rows.find()) {
                Matcher number = NUMBER.matcher(rows.group(1));
                while (number.find()) {
                    numbers.add(Long.parseLong(number.group()));
                }
            }
            return numbers;
        }
    }

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final Duration timeout;
    private final String token;

    Client(String token, Duration timeout) {
        this.token = token;
        this.timeout = timeout;
    }

    Answer query(URI base, String sql, Map<String, String> headers, long... params)
            throws IOException, InterruptedException {
        return post(base.resolve("/api/query"), statement(sql, params), headers);
    }

    /** Statements that take one parameter, or none. */
    Answer transaction(URI base, List<String> statements, long param) throws IOException, InterruptedException {
        List<String> parts = statements.stream()
                .map(sql -> sql.contains("$1") ? statement(sql, param) : statement(sql))
                .toList();
        return post(base.resolve("/api/transaction"), "{\"statements\":[" + String.join(",", parts) + "]}", Map.of());
    }

    Answer get(URI uri) throws IOException, InterruptedException {
        return send(request(uri).build());
    }

    private Answer post(URI uri, String json, Map<String, String> headers) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                request(uri).header("Content-Type", "application/json").POST(BodyPublishers.ofString(json));
        headers.forEach(request::header);
        return send(request.build());
    }

    private HttpRequest.Builder request(URI uri) {
        return HttpRequest.newBuilder(uri).timeout(timeout).header("Authorization", "Bearer " + token);
    }

    private Answer send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
        return new Answer(response.statusCode(), response);
    }

    private static String statement(String sql, long... params) {
        StringBuilder json = new StringBuilder("{\"sql\":\"").append(sql).append("\",\"params\":[");
        for (int i = 0; i < params.length; i++) {
            json.append(i == 0 ? "" : ",").append(params[i]);
        }
        return json.append("]}").toString();
    }
}

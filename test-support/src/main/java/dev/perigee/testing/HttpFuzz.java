package dev.perigee.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Sends any body and any header to an endpoint, and looks at what comes back. */
public final class HttpFuzz {

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static final Set<String> CODES =
            Arrays.stream(ProblemCode.values()).map(ProblemCode::code).collect(Collectors.toSet());

    private static final String[] VALUES = {
        "null",
        "true",
        "-1",
        "0",
        "1.5",
        "1e999",
        "-1e-999",
        "99999999999999999999",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"<script>\"",
        "\"a\\r\\nb: c\"",
        "\"\u202e\"",
        "[]",
        "[null]",
        "{}",
        "[[]]",
        "{\"a\":1}",
        "[1,[2,[3]]]",
        "NaN",
        "'x'",
        "0x1",
        "01",
        "\"\u0001\""
    };

    private static final List<String> PAST =
            Fuzz.corpus("json.txt").stream().map(Fuzz::unescape).toList();

    private final int port;

    public HttpFuzz(int port) {
        this.port = port;
    }

    /** What came back; no body of a stream. */
    public record Reply(int status, @Nullable String code) {}

    /** The corpus. */
    public static List<String> past() {
        return PAST;
    }

    /** A body like these, with something wrong in most. */
    public static byte[] body(Random random, String... valid) {
        String body = Fuzz.any(random, valid);
        return switch (random.nextInt(8)) {
            case 0 -> body.getBytes(StandardCharsets.UTF_8);
            case 1 -> PAST.get(random.nextInt(PAST.size())).getBytes(StandardCharsets.UTF_8);
            // A member of another kind, of another name, twice.
            case 2, 3, 4 -> member(random, body).getBytes(StandardCharsets.UTF_8);
            case 5 -> body.getBytes(Fuzz.any(random, StandardCharsets.UTF_16, StandardCharsets.UTF_16LE));
            default -> Fuzz.mutate(body.getBytes(StandardCharsets.UTF_8), random);
        };
    }

    private static String member(Random random, String body) {
        String value = VALUES[random.nextInt(VALUES.length)];
        String[] members = body.split("(?=,?\"[a-z_]+\":)", -1);
        int i = random.nextInt(members.length);
        int colon = members[i].indexOf("\":");
        if (colon > 0) {
            members[i] = switch (random.nextInt(4)) {
                case 0 -> members[i].substring(0, colon) + "x" + members[i].substring(colon);
                case 1 -> members[i] + (members[i].startsWith(",") ? "" : ",") + members[i];
                default ->
                    members[i].substring(0, colon + 2)
                            + value
                            + (i == members.length - 1 ? body.substring(body.indexOf('}')) : "");
            };
        }
        return String.join("", members);
    }

    public Reply send(String method, String path, String token, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(60))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                .header("Content-Type", "application/json")
                .header("Authorization", token);
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<InputStream> response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            return looked(
                    response,
                    in,
                    response.statusCode() + " to " + method + " " + path + " " + String.join(": ", headers)
                            + " for fuzz/json.txt: " + new String(body, StandardCharsets.UTF_8));
        }
    }

    private static Reply looked(HttpResponse<?> response, InputStream in, String shown) throws IOException {
        int status = response.statusCode();
        if (status < 300) {
            return new Reply(status, null);
        }
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        assertThat(response.headers().firstValue("Content-Type")).as(shown).hasValue("application/problem+json");
        JsonNode problem = WireJson.mapper().readTree(text);
        String code = problem.path("code").asString();
        assertThat(CODES).as(shown).contains(code);
        assertThat(problem.path("status").asInt()).as(shown).isEqualTo(status);
        assertThat(text).as(shown).doesNotContain("\tat ", "\\tat ", "Exception", "dev.perigee", "tools.jackson");
        assertThat(problem.path("detail").asString().chars().filter(Character::isISOControl))
                .as("control characters in the answer " + shown)
                .isEmpty();
        return new Reply(status, code);
    }
}

package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Hits are answered beneath the framework. Two edges get the same bytes on connections of the same history, one with that
 * and one without, and must give the same bytes back, but for their names, the time, and how long it has been.
 */
@Tag("long")
class HitPathTest {

    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final String READ = "{\"sql\":\"SELECT n FROM hot WHERE id = 1\",\"params\":[]}";
    private static final String GOOD = "Authorization: Bearer " + Fleet.CLIENT + "\r\n";
    private static final String JSON = "Content-Type: application/json\r\n";

    private static Postgres postgres;
    private static Fleet fleet;

    /** What is sent after some requests that make their head known. */
    private record Sent(String name, String bytes, int answers) {
        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql("CREATE TABLE hot (id int PRIMARY KEY, n int)", "INSERT INTO hot VALUES (1, 1)");
        fleet = new Fleet(postgres).startHome();
        fleet.launchEdge("edge-1");
        fleet.launchEdge("edge-2", "--perigee.edge.hit-path.enabled=false");
        fleet.awaitInStep("edge-1", "edge-2");
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }

    private static String post(String headers, String body) {
        return request("POST /api/query HTTP/1.1", headers, body);
    }

    private static String request(String line, String headers, String body) {
        return line + "\r\nHost: a\r\n" + headers + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private static Sent sent(String name, String bytes) {
        return new Sent(name, bytes, 1);
    }

    static Stream<Sent> requests() {
        String all = GOOD + JSON;
        return Stream.of(
                sent("the same", post(all, READ)),
                sent("another order of the fields", post(JSON + GOOD, READ)),
                sent(
                        "fields in capitals",
                        post(
                                all.toUpperCase(Locale.ROOT)
                                        .replace(Fleet.CLIENT.toUpperCase(Locale.ROOT), Fleet.CLIENT),
                                READ)),
                sent("no token", post(JSON, READ)),
                sent("a wrong token", post("Authorization: Bearer wrong\r\n" + JSON, READ)),
                sent("a token that begins alike", post("Authorization: Bearer " + Fleet.CLIENT + "x\r\n" + JSON, READ)),
                sent("two tokens", post(GOOD + "Authorization: Bearer wrong\r\n" + JSON, READ)),
                sent("a token of another role", post("Authorization: Bearer " + Fleet.EDGE + "\r\n" + JSON, READ)),
                sent("Basic", post("Authorization: Basic YTpi\r\n" + JSON, READ)),
                sent("another method", request("PUT /api/query HTTP/1.1", all, READ)),
                sent("a query string", request("POST /api/query?a=b HTTP/1.1", all, READ)),
                sent("another path", request("POST /api/transaction HTTP/1.1", all, READ)),
                sent("a path that must be normalized", request("POST /api//query HTTP/1.1", all, READ)),
                sent("HTTP/1.0", request("POST /api/query HTTP/1.0", all, READ)),
                sent("Connection: close", post(all + "Connection: close\r\n", READ)),
                sent("another media type", post(GOOD + "Content-Type: text/plain\r\n", READ)),
                sent("no media type", post(GOOD, READ)),
                sent("what is not accepted", post(all + "Accept: text/html\r\n", READ)),
                sent("a field with a character that is refused", post(all + "traceparent: a\u0001b\r\n", READ)),
                sent("a field that is not ASCII", post(all + "tracestate: \u00e9\r\n", READ)),
                sent("a trace", post(all + "traceparent: 00-1-2-01\r\n", READ)),
                sent("max-age", post(all + "Cache-Control: max-age=60\r\n", READ)),
                sent("max-age=0", post(all + "Cache-Control: max-age=0\r\n", READ)),
                sent("only-if-cached", post(all + "Cache-Control: only-if-cached\r\n", READ)),
                sent("a version that is known", post(all + "Perigee-Min-Version: 1\r\n", READ)),
                sent("a version that is none", post(all + "Perigee-Min-Version: x\r\n", READ)),
                sent("a version given twice", post(all + "Perigee-Min-Version: 1\r\nPerigee-Min-Version: 1\r\n", READ)),
                sent(
                        "only-if-cached, of what is not",
                        post(all + "Cache-Control: only-if-cached\r\n", READ.replace("= 1", "= 2"))),
                sent("no JSON", post(all, "SELECT 1")),
                sent("nothing", post(all, "")),
                sent("null", post(all, "null")),
                sent("an unknown member", post(all, READ.replace("{", "{\"x\":1,"))),
                sent("a member twice", post(all, READ.replace("{", "{\"sql\":\"SELECT 1\","))),
                sent("something after it", post(all, READ + "1")),
                sent("the same read in other words", post(all, " " + READ + "\n")),
                sent("other parameters", post(all, READ.replace("[]", "[1]"))),
                sent(
                        "a chunked body",
                        "POST /api/query HTTP/1.1\r\nHost: a\r\n" + all + "Transfer-Encoding: chunked\r\n\r\n"
                                + Integer.toHexString(READ.length()) + "\r\n" + READ + "\r\n0\r\n\r\n"),
                sent(
                        "a length that is none",
                        "POST /api/query HTTP/1.1\r\nHost: a\r\n" + all + "Content-Length: x\r\n\r\n"),
                sent("no HTTP", "what is this\r\n\r\n"),
                new Sent("one behind the other", post(all, READ).repeat(3), 3),
                new Sent(
                        "one that is not in memory between",
                        post(all, READ) + post(all, "{\"sql\":\"SELECT 1\",\"params\":[]}") + post(all, READ),
                        3));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void answersAreTheSame(Sent request) {
        assertThat(converse("edge-1", request)).isEqualTo(converse("edge-2", request));
    }

    /** What comes in pieces, wherever it is cut. */
    @Test
    void piecesMakeNoDifference() {
        String whole = post(GOOD + JSON, READ);
        try (RawSocket socket = new RawSocket(fleet.edge("edge-1"))) {
            Answers answers = new Answers(socket);
            known(answers);
            String usual = comparable("edge-1", answers.next());
            for (int cut = 1; cut < whole.length(); cut += 7) {
                socket.send(whole.substring(0, cut));
                // That it was read is not to be seen; that it is there is enough for a chance.
                socket.received();
                socket.send(whole.substring(cut));
                assertThat(comparable("edge-1", answers.next())).isEqualTo(usual);
            }
        }
    }

    /** Else this test would compare one way with itself. */
    @Test
    void theShortWayIsTaken() {
        assertThat(observedWhileReading("edge-1")).isLessThan(10);
        assertThat(observedWhileReading("edge-2")).isGreaterThanOrEqualTo(50);
    }

    @Test
    void aChangeIsSeenOnAConnectionThatIsKnown() throws SQLException {
        try (RawSocket socket = new RawSocket(fleet.edge("edge-1"))) {
            Answers answers = new Answers(socket);
            known(answers);
            answers.next();
            for (int n = 2; n < 20; n++) {
                postgres.sql("UPDATE hot SET n = " + n + " WHERE id = 1");
                String expected = "[[" + n + "]]";
                await().atMost(LIMIT).until(() -> {
                    socket.send(post(GOOD + JSON, READ));
                    return answers.next().contains(expected);
                });
            }
        } finally {
            postgres.sql("UPDATE hot SET n = 1 WHERE id = 1");
        }
    }

    private static double observedWhileReading(String edge) {
        URI service = fleet.edge(edge);
        double before = Fleet.metric(service, "http_server_requests_seconds_count", "/api/query");
        double hits = Fleet.metric(service, "perigee_edge_hits_total", "protocol=\"http\"");
        try (RawSocket socket = new RawSocket(service)) {
            Answers answers = new Answers(socket);
            known(answers);
            answers.next();
            for (int i = 0; i < 50; i++) {
                socket.send(post(GOOD + JSON, READ));
                answers.next();
            }
        }
        assertThat(Fleet.metric(service, "perigee_edge_hits_total", "protocol=\"http\""))
                .as("every hit is counted, whichever way it went")
                .isGreaterThanOrEqualTo(hits + 51);
        return Fleet.metric(service, "http_server_requests_seconds_count", "/api/query") - before;
    }

    /** The last of some requests that make their head known is still to be read. */
    private static void known(Answers answers) {
        await().atMost(LIMIT).until(() -> {
            answers.socket.send(post(GOOD + JSON, READ));
            return answers.next().contains("; hit;");
        });
        for (int i = 0; i < 2; i++) {
            answers.socket.send(post(GOOD + JSON, READ));
            if (i == 0) {
                answers.next();
            }
        }
    }

    private static List<String> converse(String edge, Sent request) {
        List<String> said = new ArrayList<>();
        try (RawSocket socket = new RawSocket(fleet.edge(edge))) {
            Answers answers = new Answers(socket);
            known(answers);
            said.add(answers.next());
            socket.send(request.bytes());
            IntStream.range(0, request.answers()).forEach(i -> said.add(answers.next()));
            socket.send(post(GOOD + JSON, READ));
            said.add(answers.next());
        }
        return said.stream().map(answer -> comparable(edge, answer)).toList();
    }

    private static String comparable(String edge, String answer) {
        return answer.replace(edge, "edge")
                .replaceAll("(?i)(\nage: )[0-9]+", "$1n")
                .replaceAll("(?i)(\nperigee-as-of: )\\S+", "$1t")
                .replaceAll("(?i)(\nperigee-version: )\\S+", "$1v")
                .replaceAll("; ttl=[0-9]+", "; ttl=n");
    }

    /** The answers on one connection, one after the other; empty when it has ended. */
    private static final class Answers {

        private final RawSocket socket;
        private int taken;

        Answers(RawSocket socket) {
            this.socket = socket;
        }

        String next() {
            String[] answer = {""};
            await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> {
                String received = socket.received().substring(taken);
                int head = received.indexOf("\r\n\r\n") + 4;
                if (head < 4) {
                    return socket.ended();
                }
                int end = head + length(received.substring(0, head));
                if (received.length() < end) {
                    return socket.ended();
                }
                answer[0] = received.substring(0, end);
                return true;
            });
            taken += answer[0].getBytes(StandardCharsets.ISO_8859_1).length;
            return answer[0];
        }

        private static int length(String head) {
            return head.toLowerCase(Locale.ROOT)
                    .lines()
                    .filter(line -> line.startsWith("content-length:"))
                    .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                    .findFirst()
                    .orElse(0);
        }
    }
}

package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.Hello;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import tools.jackson.databind.JsonNode;

/** On one connection, as an edge has it: the first acknowledgement goes the whole way, those after it do not. */
class AckHandlerTest extends HttpTest {

    private record Answer(String head, String body) {

        int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        JsonNode json() {
            return HttpTest.json(body.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Autowired
    MeterRegistry meters;

    private Socket socket;
    private long generation;
    private long reset;

    @BeforeEach
    void connect() throws IOException {
        StreamClient stream = stream("edge-a", null);
        Hello hello = stream.hello();
        generation = hello.generation();
        reset = StreamClient.version(stream.await("reset"));
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(10_000);
    }

    @AfterEach
    void disconnect() throws IOException {
        socket.close();
    }

    private void send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String request(String edgeId, String token, String more, String body) {
        return "POST /api/edge/" + edgeId + "/ack HTTP/1.1\r\nHost: home\r\nAuthorization: Bearer " + token
                + "\r\nContent-Type: application/json\r\n" + more + "Content-Length: "
                + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body;
    }

    private String ack(long version) {
        return "{\"generation\":" + generation + ",\"up_to_version\":" + version + "}";
    }

    private Answer answer() throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            int octet = in.read();
            if (octet < 0) {
                throw new EOFException(head.toString(StandardCharsets.US_ASCII));
            }
            head.write(octet);
        }
        String text = head.toString(StandardCharsets.US_ASCII);
        String length = text.replaceAll("(?is).*content-length: *([0-9]+).*", "$1");
        byte[] body = new byte[Integer.parseInt(length)];
        in.readFully(body);
        return new Answer(text, new String(body, StandardCharsets.UTF_8));
    }

    private Answer exchange(String request) throws IOException {
        send(request);
        return answer();
    }

    /** How many have gone the whole way. */
    private long whole() {
        return meters.find("http.server.requests").tag("uri", "/api/edge/{id}/ack").timers().stream()
                .mapToLong(Timer::count)
                .sum();
    }

    private Answer known() throws IOException {
        Answer first = exchange(request("edge-a", "edge-token", "", ack(reset)));
        assertThat(first.status()).isEqualTo(200);
        return first;
    }

    @Test
    void theSecondIsAnsweredAsTheFirstAndCounts() throws IOException {
        long before = whole();
        Answer first = known();
        for (int i = 0; i < 10; i++) {
            Answer next = exchange(request("edge-a", "edge-token", "", ack(reset)));
            assertThat(next.head()).isEqualToIgnoringCase(first.head());
            assertThat(next.json()).isEqualTo(first.json());
        }
        long version = feed.commit("public.a");
        Answer last = exchange(request("edge-a", "edge-token", "", ack(reset)));
        assertThat(last.json().get("up_to_version").asLong()).isEqualTo(version + 5);
        // One is counted only after it was answered: there may be another test's last among them.
        assertThat(whole() - before).isLessThanOrEqualTo(2);
        assertThat(registry.require("edge-a").view().ackedVersion()).isEqualTo(reset);
    }

    @Test
    void theMoreEdgesTheLongerTheyAreSpread() throws IOException {
        assertThat(known().json().get("spread_ms").isNull()).as("one edge").isTrue();
        stream("edge-b", null).await("reset");
        stream("edge-c", null).await("reset");
        Answer ofThree = exchange(request("edge-a", "edge-token", "", ack(reset)));
        assertThat(ofThree.json().get("spread_ms").asInt()).isEqualTo(1);
    }

    /** Of a connection with small requests Netty would read no more at once than those. */
    @Test
    void aLargeOneAfterSmallOnesIsNoneThatGoesTheWholeWay() throws IOException {
        long before = whole();
        known();
        String large = "{\"generation\":" + generation + ",\"up_to_version\":" + reset + ",\"applied_ago_ms\":"
                + Collections.nCopies(400, 1000) + "}";
        for (int i = 0; i < 40; i++) {
            String body = i % 8 == 7 ? large : ack(reset);
            assertThat(exchange(request("edge-a", "edge-token", "", body)).status())
                    .isEqualTo(200);
        }
        exchange(request("edge-a", "edge-token", "", ack(reset)));
        assertThat(whole() - before).isLessThanOrEqualTo(2);
    }

    @Test
    void whatHasAnotherHeadIsLookedAtAnew() throws IOException {
        known();
        assertThat(exchange(request("edge-a", "no-token", "", ack(reset))).status())
                .isEqualTo(401);
        known();
        assertThat(exchange(request("edge-a", "client-token", "", ack(reset))).status())
                .isEqualTo(403);
        known();
        assertThat(exchange(request("edge-a", "bound-token", "", ack(reset))).status())
                .isEqualTo(403);
        known();
        assertThat(exchange(request("edge-c", "edge-token", "", ack(reset))).status())
                .isEqualTo(404);
        known();
        assertThat(exchange(request("edge-a", "edge-token", "X-Other: 1\r\n", ack(reset)))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void whatIsRefusedIsRefusedInTheSameWords() throws IOException {
        String malformed = request("edge-a", "edge-token", "", "{\"generation\":1");
        String unknown = request("edge-a", "edge-token", "", "{\"generation\":1,\"up_to_version\":1,\"x\":1}");
        String fenced = request("edge-a", "edge-token", "", "{\"generation\":99999,\"up_to_version\":1}");
        String above = request("edge-a", "edge-token", "", ack(Long.MAX_VALUE));
        for (String refused : new String[] {malformed, unknown, fenced, above}) {
            Answer first = exchange(refused);
            assertThat(first.status()).isBetween(400, 409);
            known();
            known();
            Answer later = exchange(refused);
            assertThat(later.head()).isEqualToIgnoringCase(first.head());
            assertThat(later.json()).isEqualTo(first.json());
        }
    }

    @Test
    void ofRequestsSentAheadEachIsAnsweredInItsOrder() throws IOException {
        known();
        String list = "GET /api/edge/edge-a HTTP/1.1\r\nHost: home\r\nAuthorization: Bearer admin-token\r\n\r\n";
        send(request("edge-a", "edge-token", "", ack(reset)) + list + request("edge-a", "edge-token", "", ack(reset)));
        assertThat(answer().json().has("feed_age_ms")).isTrue();
        assertThat(answer().json().get("edge_id").asString()).isEqualTo("edge-a");
        assertThat(answer().json().has("feed_age_ms")).isTrue();
    }

    @Test
    void aBodyThatComesLaterIsWaitedFor() throws IOException {
        known();
        String whole = request("edge-a", "edge-token", "", ack(reset));
        int head = whole.indexOf("\r\n\r\n") + 4;
        send(whole.substring(0, head));
        send(whole.substring(head, head + 5));
        Answer answer = exchange(whole.substring(head + 5));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(known().status()).isEqualTo(200);
    }
}

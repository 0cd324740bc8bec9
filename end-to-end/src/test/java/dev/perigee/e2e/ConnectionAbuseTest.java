package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Somebody means ill, or is broken in a way that looks like it: what he does to connections, with a token or without. */
@Tag("long")
class ConnectionAbuseTest extends AbusedFleet {

    @Test
    void headersThatNeverEndAreCut() {
        for (URI service : both()) {
            IntStream.range(0, 20).forEach(i -> open(service).send("GET /actuator/health HTTP/1.1\r\nHost: a\r\nX: "));
        }
        awaitCut("x");
    }

    @Test
    void bodiesThatNeverEndAreCut() {
        for (URI service : both()) {
            for (int i = 0; i < 10; i++) {
                open(service).send(head("POST /api/query", Fleet.CLIENT, "Content-Length: 1000\r\n\r\n{"));
                open(service).send(head("POST /api/query", null, "Content-Length: 1000000000\r\n\r\n{"));
                open(service).send(head("POST /api/query", null, "Transfer-Encoding: chunked\r\n\r\n"));
            }
        }
        awaitCut("1\r\n \r\n");
    }

    @Test
    void whoIsTooSlowIsToldSo() {
        for (URI service : both()) {
            RawSocket slow = open(service).send(head("POST /api/query", Fleet.CLIENT, "Content-Length: 9\r\n\r\n{"));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(slow.received())
                            .startsWith("HTTP/1.1 408")
                            .contains("\"request-timeout\""));
        }
    }

    /** Each of them sends another piece whenever it is looked at, as fast as its like does; and all are cut. */
    private void awaitCut(String piece) {
        theOthersAreServed();
        await("all are cut")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    fleet.query("edge-1", READ);
                    return sockets.stream()
                                    .filter(socket -> !socket.send(piece).ended())
                                    .count()
                            == 0;
                });
    }

    @Test
    void thousandsWhoNeverSayWhoTheyAreTakeNobodysPlace() {
        for (URI service : both()) {
            for (int i = 0; i < 1500; i++) {
                open(service);
                if (i % 500 == 0) {
                    theOthersAreServed();
                }
            }
        }
        theOthersAreServed();
        long left = sockets.stream().filter(socket -> !socket.ended()).count();
        assertThat(left).isLessThanOrEqualTo(2 * STRANGERS);
        await("those too are closed in the end")
                .atMost(PATIENCE)
                .until(() -> sockets.stream().allMatch(RawSocket::ended));
    }

    /** Without reading an answer, without a token: requests must not pile up in the service. */
    @Test
    void requestsThatNobodyWaitsForAreCut() {
        String request = "GET /actuator/health HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(8_000) + "\r\n\r\n";
        byte[] many = request.repeat(50).getBytes(StandardCharsets.ISO_8859_1);
        for (URI service : both()) {
            RawSocket socket = open(service);
            await("cut long before 50 MB").atMost(PATIENCE).until(() -> {
                for (int i = 0; i < 10; i++) {
                    socket.send(many);
                }
                return socket.ended();
            });
        }
    }

    @Test
    void answersThatNobodyReadsAreTakenBack() {
        String body = "{\"sql\":\"SELECT repeat('x', 900000)\"}";
        for (URI service : both()) {
            for (int i = 0; i < 5; i++) {
                RawSocket socket = RawSocket.narrow(service);
                sockets.add(socket);
                socket.send(
                        head("POST /api/query", Fleet.CLIENT, "Content-Length: " + body.length() + "\r\n\r\n") + body);
            }
        }
        theOthersAreServed();
        await("closed, though nothing was read")
                .atMost(PATIENCE)
                .until(() ->
                        sockets.stream().allMatch(socket -> socket.send(" ").broken()));
    }

    @Test
    void giantsAreRefused() {
        for (URI service : both()) {
            RawSocket header = open(service).send(head("GET /actuator/health", null, "X: " + "x".repeat(20_000)));
            await().atMost(PATIENCE).until(() -> header.received().startsWith("HTTP/1.1 431"));
            RawSocket line = open(service).send("GET /" + "x".repeat(20_000) + " HTTP/1.1\r\n\r\n");
            await().atMost(PATIENCE).until(() -> line.received().startsWith("HTTP/1.1 414"));
            Answer body = Http.post(
                    service.resolve("/api/query"), Fleet.CLIENT, "{\"sql\":\"" + "x".repeat(2_000_000) + "\"}");
            assertThat(body.status()).isEqualTo(413);
            assertThat(body.code()).isEqualTo("payload-too-large");
        }
    }

    @Test
    void guessingTokensIsSlowedDownAndShutsNobodyOut() {
        for (URI service : both()) {
            URI query = service.resolve("/api/query");
            String sql = "{\"sql\":\"SELECT 1\"}";
            Answer refused = await("refused")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> Http.post(query, "guess-" + System.nanoTime(), sql), answer -> answer.status() == 429);
            assertThat(refused.code()).isEqualTo("too-many-attempts");
            assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
            for (int i = 0; i < 200; i++) {
                Http.post(query, "guess-more-" + i, sql);
                // From the same address, with tokens that were accepted from it before.
                assertThat(Http.post(query, Fleet.CLIENT, sql).status()).isEqualTo(200);
            }
            // A good token that comes from there for the first time waits, but not for long once the guessing is over.
            assertThat(Http.get(service.resolve("/api/edge"), Fleet.BOUND).status())
                    .isEqualTo(429);
            await().atMost(PATIENCE)
                    .until(() ->
                            Http.get(service.resolve("/api/edge"), Fleet.BOUND).status() == 403);
            // Another address is another guesser.
            RawSocket other = new RawSocket(service, 2);
            sockets.add(other);
            other.send(head("GET /api/edge", "guess", "Connection: close\r\n\r\n"));
            await().atMost(PATIENCE).until(() -> other.received().startsWith("HTTP/1.1 401"));
        }
    }
}

package dev.perigee.home.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.edges.HttpTestApplication;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.testing.Authority;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Where HTTP/2 may be agreed on: those who do are let in by the same rules, and those who do not are guarded. */
@SpringBootTest(
        classes = HttpTestApplication.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "server.http2.enabled=true",
            "perigee.web.request-timeout=1s",
            "server.ssl.bundle=web",
            "server.ssl.client-auth=want",
            "perigee.security.mtls.edge-uri=spiffe://example.org/edge/",
        })
class Http2Test {

    private static final Authority AUTHORITY = new Authority("Ours");

    @TempDir
    private static Path files;

    @LocalServerPort
    private int port;

    @Autowired
    private InvalidationLog log;

    @DynamicPropertySource
    static void certificates(DynamicPropertyRegistry registry) {
        ServerCertificate.register(AUTHORITY, files, registry);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("https://localhost:" + port + path))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json");
    }

    @Test
    void anEdgeIsWhoItsCertificateSays() throws Exception {
        log.begin("7.1.1", 1, Instant.EPOCH);
        HttpClient edge = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(AUTHORITY.context(AUTHORITY.client("spiffe://example.org/edge/edge-a")))
                .build();
        HttpResponse<Stream<String>> stream = edge.send(
                request("/api/edge/register")
                        .POST(BodyPublishers.ofString(
                                "{\"edge_id\":\"edge-a\",\"region\":\"here\",\"base_url\":\"http://a\"}"))
                        .build(),
                BodyHandlers.ofLines());
        assertThat(stream.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(stream.statusCode()).isEqualTo(200);
        Iterator<String> lines = stream.body().iterator();
        assertThat(lines.next()).isEqualTo("event:hello");
        HttpResponse<String> other = edge.send(
                request("/api/edge/edge-b/ack")
                        .POST(BodyPublishers.ofString("{\"generation\":1,\"up_to_version\":1}"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(other.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(other.body()).contains("edge-id-mismatch");
        assertThat(edge.send(request("/api/edge").build(), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(403);
        stream.body().close();
    }

    @Test
    void whoDoesNotAgreeOnItMayNotSendABodyForEver() throws Exception {
        try (Socket socket = AUTHORITY.context(null).getSocketFactory().createSocket("localhost", port)) {
            socket.setSoTimeout(10_000);
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            out.write("POST /api/query HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(in.readNBytes(12), StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 401");
            // It has been answered, and its body is still to come: for so long, and no longer.
            await().atMost(Duration.ofMinutes(1)).until(() -> isClosed(out));
        }
    }

    private static boolean isClosed(OutputStream out) {
        try {
            out.write('x');
            return false;
        } catch (IOException closed) {
            return true;
        }
    }
}

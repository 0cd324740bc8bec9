package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.pgwire.Upstream.Connection;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Servers that answer a request for TLS as no PostgreSQL does. */
@ExtendWith(NoLeaks.class)
class DatabaseTlsTest {

    @ParameterizedTest
    @CsvSource({
        "Sx, unencrypted data",
        "Nx, unencrypted data",
        "E, answers a request for TLS with an error",
        "H, invalid answer",
        "'', has closed the connection",
        "N, does not support TLS",
    })
    void isNotTalkedTo(String answer, String failure) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                EdgeFixture edge = edge(server)) {
            Future<Connection> connecting = edge.upstream.connect(edge.loops.next(), Attempt.TLS);
            try (Socket socket = server.accept()) {
                assertThat(socket.getInputStream().readNBytes(8)).containsExactly(0, 0, 0, 8, 4, 210, 22, 47);
                socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                if (answer.isEmpty()) {
                    socket.shutdownOutput();
                }
                connecting.awaitUninterruptibly();
                assertThat(connecting.cause()).hasMessageContaining(failure);
                // And the connection is closed.
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void whoDoesNotAnswerIsNotWaitedForForEver() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                EdgeFixture edge = edge(server)) {
            Future<Connection> connecting = edge.upstream.connect(edge.loops.next(), Attempt.TLS);
            try (Socket socket = server.accept()) {
                connecting.awaitUninterruptibly();
                assertThat(connecting.cause()).hasMessageContaining("no answer within");
                assertThat(socket.getInputStream().readNBytes(9)).hasSize(8);
            }
        }
    }

    @Test
    void whatNobodyWantsAnyMoreIsClosed() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                EdgeFixture edge = edge(server)) {
            Future<Connection> connecting = edge.upstream.connect(edge.loops.next(), Attempt.TLS);
            try (Socket socket = server.accept()) {
                assertThat(socket.getInputStream().readNBytes(8)).hasSize(8);
                assertThat(connecting.cancel(false)).isTrue();
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    private static EdgeFixture edge(ServerSocket server) {
        return new EdgeFixture(
                TestCertificates.bundles(),
                List.of(),
                Relay::sessions,
                "upstream",
                "127.0.0.1:" + server.getLocalPort(),
                "tls-mode",
                "require",
                "connect-timeout",
                "2s");
    }
}

package dev.perigee.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** What the network stack beneath an edge costs: a bare reactor-netty handler that looks up a POST and returns bytes. */
public final class BareHttp {

    private BareHttp() {}

    /**
     * Serves until it is killed.
     *
     * @param args the port; a file with the body of the request; a file with the body of the answer
     */
    public static void main(String[] args) throws IOException {
        Map<ByteBuffer, byte[]> answers =
                Map.of(ByteBuffer.wrap(Files.readAllBytes(Path.of(args[1]))), Files.readAllBytes(Path.of(args[2])));
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(Integer.parseInt(args[0]))
                .handle((request, response) -> request.receive()
                        .aggregate()
                        .asByteArray()
                        .flatMap(body -> {
                            byte[] answer = Objects.requireNonNull(answers.get(ByteBuffer.wrap(body)), "unknown body");
                            return response.header("Content-Type", "application/json")
                                    .header("Content-Length", String.valueOf(answer.length))
                                    .sendByteArray(Mono.just(answer))
                                    .then();
                        }))
                .bindNow();
        server.onDispose().block();
    }
}

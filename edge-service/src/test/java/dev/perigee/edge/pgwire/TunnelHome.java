package dev.perigee.edge.pgwire;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.ssl.SslContext;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.tcp.TcpClient;

/** The tunnel of a home, and nothing else of it. */
final class TunnelHome implements AutoCloseable {

    final AtomicInteger opened = new AtomicInteger();
    private final DisposableServer server;

    TunnelHome(int databasePort, @Nullable SslContext tls) {
        HttpServer http = HttpServer.create().host("127.0.0.1").port(0);
        if (tls != null) {
            http = http.secure(spec -> spec.sslContext(tls));
        }
        server = http.route(routes -> routes.get("/api/edge/tunnel", (request, response) -> {
                    if (!("Bearer " + EdgeFixture.TOKEN)
                            .equals(request.requestHeaders().get(HttpHeaderNames.AUTHORIZATION))) {
                        return response.status(HttpResponseStatus.UNAUTHORIZED).send();
                    }
                    opened.incrementAndGet();
                    return response.sendWebsocket((in, out) -> TcpClient.create()
                            .host("127.0.0.1")
                            .port(databasePort)
                            .connect()
                            .flatMap(database -> {
                                Mono<Void> up = database.outbound()
                                        .send(in.receive().retain())
                                        .then()
                                        .onErrorComplete()
                                        .doFinally(end -> database.dispose());
                                return out.send(database.inbound().receive().retain())
                                        .then()
                                        .doOnSubscribe(subscribed -> up.subscribe());
                            }));
                }))
                .bindNow();
    }

    String url() {
        return "http://127.0.0.1:" + server.port();
    }

    String httpsUrl() {
        return "https://localhost:" + server.port();
    }

    @Override
    public void close() {
        server.disposeNow();
    }
}

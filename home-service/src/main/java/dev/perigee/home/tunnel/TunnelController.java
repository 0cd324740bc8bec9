package dev.perigee.home.tunnel;

import dev.perigee.home.database.PrimaryAddress;
import dev.perigee.model.ProblemCode;
import dev.perigee.web.BearerTokens;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.WebsocketServerSpec;
import reactor.netty.tcp.TcpClient;

/**
 * Opens tunnels: the database first, so that a failure is an answer with a code, then the WebSocket. Where it leads to nobody
 * but home's configuration decides.
 */
@RestController
final class TunnelController {

    private static final WebsocketServerSpec SPEC = WebsocketServerSpec.builder()
            .maxFramePayloadLength(Tunnel.MAX_FRAME)
            .build();

    private final PrimaryAddress address;
    private final TcpClient client;
    private final Tunnels tunnels;
    private final TunnelProperties properties;
    private final TunnelMetrics metrics;

    TunnelController(
            PrimaryAddress address,
            TcpClient tunnelClient,
            Tunnels tunnels,
            TunnelProperties properties,
            TunnelMetrics metrics) {
        this.address = address;
        this.client = tunnelClient;
        this.tunnels = tunnels;
        this.properties = properties;
        this.metrics = metrics;
    }

    @GetMapping("/api/edge/tunnel")
    Mono<Void> open(ServerWebExchange exchange, @AuthenticationPrincipal BearerTokens.Grant grant) {
        requireUpgrade(exchange.getRequest().getHeaders());
        return Mono.defer(() -> {
            Tunnels.Place place = tunnels.take(grant.name());
            return connect()
                    .doOnError(error -> place.giveBack())
                    .doOnCancel(place::giveBack)
                    .doOnNext(database -> database.onDispose(place::giveBack))
                    .flatMap(database -> upgrade(exchange.getResponse(), database, grant)
                            .doOnError(error -> database.dispose())
                            .doOnCancel(database::dispose));
        });
    }

    private static void requireUpgrade(HttpHeaders headers) {
        boolean valid = "websocket".equalsIgnoreCase(headers.getUpgrade())
                && headers.getConnection().stream().anyMatch("upgrade"::equalsIgnoreCase)
                && headers.getFirst("Sec-WebSocket-Key") != null
                && List.of("13").equals(headers.get("Sec-WebSocket-Version"));
        if (!valid) {
            throw new ProblemException(
                    ProblemCode.INVALID_REQUEST, "A tunnel is opened as a WebSocket, version 13 (RFC 6455).");
        }
    }

    private Mono<Connection> connect() {
        return address.find()
                .<Connection>flatMap(
                        found -> client.remoteAddress(() -> found).connect().cast(Connection.class))
                .onErrorMap(
                        error -> !(error instanceof ProblemException),
                        error -> new ProblemException(
                                ProblemCode.DATABASE_UNAVAILABLE,
                                "No connection to the database could be made.",
                                error));
    }

    /** Completes once the tunnel stands. */
    private Mono<Void> upgrade(ServerHttpResponse response, Connection database, BearerTokens.Grant grant) {
        HttpServerResponse upgradable = ServerHttpResponseDecorator.getNativeResponse(response);
        Duration validFor = grant.validFor(Instant.now());
        Mono<Void> expired =
                validFor == null ? Mono.never() : Mono.delay(validFor).then();
        Tunnel tunnel = new Tunnel(database, properties.pingInterval(), tunnels.drained(), expired, metrics);
        return response.setComplete().then(Mono.defer(() -> upgradable.sendWebsocket(tunnel::carry, SPEC)));
    }
}

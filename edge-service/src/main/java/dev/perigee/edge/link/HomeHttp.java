package dev.perigee.edge.link;

import dev.perigee.model.EdgeConfig;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/** Makes HTTP clients that show our token to the homes they reach. Thread-safe. */
public final class HomeHttp {

    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final Duration ACQUIRE = Duration.ofSeconds(10);

    private final String token;
    private final Duration connectTimeout;

    private HomeHttp(String token, Duration connectTimeout) {
        this.token = token;
        this.connectTimeout = connectTimeout;
    }

    /** For the token of this configuration. */
    public static HomeHttp of(EdgeConfig config, LinkProperties properties) {
        String token = config.authToken();
        if (token == null) {
            throw new IllegalArgumentException("an edge needs a token");
        }
        return new HomeHttp(token, properties.connectTimeout());
    }

    /**
     * A client with pools of its own, one a home, so that a flood of statements never delays the link. It never repeats a
     * request on its own account, as reactor-netty otherwise does: the request may have been a write.
     *
     * @param pool names the pools
     * @param maxConnections at once, to each home
     */
    public HttpClient client(String pool, int maxConnections) {
        ConnectionProvider connections = ConnectionProvider.builder(pool)
                .maxConnections(maxConnections)
                .pendingAcquireMaxCount(maxConnections * 20)
                .pendingAcquireTimeout(ACQUIRE)
                .maxIdleTime(IDLE)
                .lifo()
                .build();
        return HttpClient.create(connections)
                .disableRetry(true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(connectTimeout.toMillis()))
                .headers(headers -> headers.set("Authorization", authorization()));
    }

    /** How we show our token, where it is not such a client that does it. */
    public String authorization() {
        return "Bearer " + token;
    }
}

package dev.perigee.edge.link;

import dev.perigee.edge.InvalidEdgeProperty;
import dev.perigee.model.EdgeConfig;
import dev.perigee.web.ReloadedSslContext;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslContext;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundles;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/** Makes HTTP clients that show our token, or our certificate, to the homes they reach. Thread-safe. */
public final class HomeHttp implements AutoCloseable {

    private static final Duration ACQUIRE = Duration.ofSeconds(10);

    /** A connection in use would show, or trust, the certificate it began with for ever. */
    private static final Duration LONGEST_WITH_OLD_CERTIFICATE = Duration.ofMinutes(1);

    private final @Nullable Supplier<String> token;
    private final @Nullable SslContext tls;
    private final boolean reloaded;
    private final Duration connectTimeout;
    private final Duration idleTimeout;

    private HomeHttp(
            @Nullable Supplier<String> token, @Nullable SslContext tls, boolean reloaded, LinkProperties properties) {
        this.token = token;
        this.tls = tls;
        this.reloaded = reloaded;
        this.connectTimeout = properties.connectTimeout();
        this.idleTimeout = properties.idleTimeout();
    }

    /**
     * For the token, or the certificate, of this configuration.
     *
     * @throws InvalidEdgeProperty if there is neither, or both a token and a file with one
     */
    public static HomeHttp of(EdgeConfig config, LinkProperties properties, HomeAccess access, SslBundles bundles) {
        String bundle = access.homeTlsBundle();
        // To read the JDK's trust takes a tenth of a second, which a start without TLS need not have.
        SslContext tls = bundle != null || config.homeUrls().stream().anyMatch(HomeHttp::isEncrypted)
                ? ReloadedSslContext.of(bundles, bundle, "perigee.home-tls-bundle")
                : null;
        String token = config.authToken();
        String file = access.authTokenFile();
        if (token != null && file != null) {
            throw new InvalidEdgeProperty("perigee.auth-token and perigee.auth-token-file are both set");
        }
        if (token == null && file == null) {
            requireCertificate(config, access, bundles);
        }
        return new HomeHttp(
                file != null ? new TokenFile(Path.of(file)) : token != null ? () -> token : null,
                tls,
                bundle != null,
                properties);
    }

    private static boolean isEncrypted(URI home) {
        return "https".equals(home.getScheme());
    }

    private static void requireCertificate(EdgeConfig config, HomeAccess access, SslBundles bundles) {
        String bundle = access.homeTlsBundle();
        if (bundle == null || bundles.getBundle(bundle).getStores().getKeyStore() == null) {
            throw new InvalidEdgeProperty(
                    "perigee.auth-token is not set; an edge needs it: a bearer token of role EDGE that"
                            + " home knows. Or set perigee.auth-token-file, or perigee.home-tls-bundle with a certificate to show");
        }
        if (!config.homeUrls().stream().allMatch(HomeHttp::isEncrypted)) {
            throw new InvalidEdgeProperty(
                    "perigee.home-url has to be https, if the edge has only a certificate to show: perigee.auth-token is"
                            + " not set");
        }
    }

    /**
     * A client with pools of its own, one a home, so that a flood of statements never delays the link. It never repeats a
     * request on its own account, as reactor-netty otherwise does: the request may have been a write.
     *
     * @param pool names the pools
     * @param maxConnections at once, to each home
     */
    public HttpClient client(String pool, int maxConnections) {
        ConnectionProvider.Builder connections = ConnectionProvider.builder(pool)
                .maxConnections(maxConnections)
                .pendingAcquireMaxCount(maxConnections * 20)
                .pendingAcquireTimeout(ACQUIRE)
                .maxIdleTime(idleTimeout)
                .lifo();
        if (reloaded) {
            connections.maxLifeTime(LONGEST_WITH_OLD_CERTIFICATE);
        }
        HttpClient client = HttpClient.create(connections.build());
        return (tls == null ? client : client.secure(spec -> spec.sslContext(tls)))
                .disableRetry(true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(connectTimeout.toMillis()))
                .doOnRequest((request, connection) -> {
                    String authorization = authorization();
                    if (authorization != null) {
                        request.requestHeaders().set("Authorization", authorization);
                    }
                });
    }

    /** How we show our token now, where it is not such a client that does it; null if a certificate is all we show. */
    public @Nullable String authorization() {
        return token == null ? null : "Bearer " + token.get();
    }

    /** What connections to homes that are https are encrypted with, where it is not such a client that does it. */
    public SslContext tls() {
        return Objects.requireNonNull(tls, "no home is https");
    }

    /** Reads the token no more. */
    @Override
    public void close() {
        if (token instanceof TokenFile file) {
            file.close();
        }
    }
}

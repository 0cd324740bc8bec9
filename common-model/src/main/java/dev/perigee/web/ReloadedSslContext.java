package dev.perigee.web;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSessionContext;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * {@link ReloadedTls} for clients of HTTP, who want a context once and for all: trusts whom an SSL bundle trusts, for the host
 * in the URL, and shows the bundle's certificate if it has one. Thread-safe.
 */
public final class ReloadedSslContext extends SslContext {

    private final ReloadedTls tls;

    private ReloadedSslContext(ReloadedTls tls) {
        this.tls = tls;
    }

    /**
     * Of this bundle.
     *
     * @param bundle its name; where it is null the JDK's trust is what counts
     * @param property where the name comes from
     * @throws InvalidConfigurationPropertyValueException if there is no such bundle, or it cannot be used
     */
    public static ReloadedSslContext of(SslBundles bundles, @Nullable String bundle, String property) {
        return new ReloadedSslContext(ReloadedTls.of(bundles, bundle, property, ReloadedSslContext::context));
    }

    private static SslContext context(SslBundle bundle) throws SSLException {
        return ReloadedTls.client(bundle)
                .sslProvider(SslProvider.JDK)
                .trustManager(bundle.getManagers().getTrustManagerFactory())
                .endpointIdentificationAlgorithm("HTTPS")
                .build();
    }

    @Override
    public boolean isClient() {
        return true;
    }

    @Override
    public List<String> cipherSuites() {
        return tls.get().cipherSuites();
    }

    @Override
    @SuppressWarnings("deprecation") // there is nothing else to override
    public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
        return tls.get().applicationProtocolNegotiator();
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator allocator) {
        return tls.get().newEngine(allocator);
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator allocator, String host, int port) {
        return tls.get().newEngine(allocator, host, port);
    }

    @Override
    public SSLSessionContext sessionContext() {
        return tls.get().sessionContext();
    }
}

package dev.perigee.web;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSessionContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;

/**
 * For clients of HTTP: trusts whom an SSL bundle trusts, for the host in the URL, and shows the bundle's certificate if it
 * has one. It becomes what the bundle becomes: connections that are made after that are made accordingly, and those there
 * are stay as they are. Thread-safe.
 */
public final class ReloadedSslContext extends SslContext {

    private static final Logger log = LoggerFactory.getLogger(ReloadedSslContext.class);

    private volatile SslContext present;

    private ReloadedSslContext(SslContext present) {
        this.present = present;
    }

    /**
     * Of this bundle.
     *
     * @param bundle its name; where it is null the JDK's trust is what counts
     * @param property where the name comes from
     * @throws InvalidConfigurationPropertyValueException if there is no such bundle, or it cannot be used
     */
    public static ReloadedSslContext of(SslBundles bundles, @Nullable String bundle, String property) {
        try {
            if (bundle == null) {
                return new ReloadedSslContext(context(SslBundle.systemDefault()));
            }
            ReloadedSslContext made = new ReloadedSslContext(context(bundles.getBundle(bundle)));
            bundles.addBundleUpdateHandler(bundle, changed -> made.reload(changed, bundle));
            return made;
        } catch (NoSuchSslBundleException | SSLException | IllegalStateException | IllegalArgumentException unusable) {
            throw new InvalidConfigurationPropertyValueException(
                    property, bundle, String.valueOf(unusable.getMessage()), unusable);
        }
    }

    private void reload(SslBundle bundle, String name) {
        try {
            present = context(bundle);
            log.info("SSL bundle '{}' has changed: new connections use it.", name);
        } catch (SSLException | RuntimeException unusable) {
            log.error("SSL bundle '{}' has changed, but cannot be used; what it was before still is.", name, unusable);
        }
    }

    private static SslContext context(SslBundle bundle) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(bundle.getManagers().getTrustManagerFactory())
                .endpointIdentificationAlgorithm("HTTPS");
        if (bundle.getStores() != null && bundle.getStores().getKeyStore() != null) {
            builder.keyManager(bundle.getManagers().getKeyManagerFactory());
        }
        SslOptions options = bundle.getOptions();
        if (options.getEnabledProtocols() != null) {
            builder.protocols(options.getEnabledProtocols());
        }
        if (options.getCiphers() != null) {
            builder.ciphers(List.of(options.getCiphers()));
        }
        return builder.build();
    }

    @Override
    public boolean isClient() {
        return true;
    }

    @Override
    public List<String> cipherSuites() {
        return present.cipherSuites();
    }

    @Override
    @SuppressWarnings("deprecation") // there is nothing else to override
    public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
        return present.applicationProtocolNegotiator();
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator allocator) {
        return present.newEngine(allocator);
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator allocator, String host, int port) {
        return present.newEngine(allocator, host, port);
    }

    @Override
    public SSLSessionContext sessionContext() {
        return present.sessionContext();
    }
}

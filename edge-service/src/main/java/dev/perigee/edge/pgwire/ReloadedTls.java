package dev.perigee.edge.pgwire;

import dev.perigee.edge.InvalidEdgeProperty;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;

/**
 * The TLS context made of an SSL bundle; made anew whenever the bundle is, so that new connections get a renewed certificate
 * and those there are stay as they are. Thread-safe.
 */
final class ReloadedTls implements Supplier<SslContext> {

    private static final Logger log = LoggerFactory.getLogger(ReloadedTls.class);

    private static final ApplicationProtocolConfig SERVER_ALPN = new ApplicationProtocolConfig(
            Protocol.ALPN,
            SelectorFailureBehavior.FATAL_ALERT,
            SelectedListenerFailureBehavior.ACCEPT,
            FirstByte.PROTOCOL);
    /** A server before PostgreSQL 17 selects none. */
    private static final ApplicationProtocolConfig CLIENT_ALPN = new ApplicationProtocolConfig(
            Protocol.ALPN,
            SelectorFailureBehavior.NO_ADVERTISE,
            SelectedListenerFailureBehavior.ACCEPT,
            FirstByte.PROTOCOL);

    private volatile SslContext context;

    private interface Recipe {
        SslContext of(SslBundle bundle) throws SSLException;
    }

    private ReloadedTls(SslContext context) {
        this.context = context;
    }

    /** For clients: with the edge's own certificate. */
    static ReloadedTls toClients(SslBundles bundles, String bundle) {
        return of(bundles, bundle, "perigee.edge.pgwire.server-tls-bundle", ReloadedTls::server);
    }

    /** For the way to the database. */
    static ReloadedTls toDatabase(SslBundles bundles, @Nullable String bundle, TlsMode mode) {
        Recipe recipe = found -> client(found, mode);
        if (bundle != null) {
            return of(bundles, bundle, "perigee.edge.pgwire.tls-bundle", recipe);
        }
        try {
            return new ReloadedTls(recipe.of(SslBundle.systemDefault()));
        } catch (SSLException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static ReloadedTls of(SslBundles bundles, String name, String property, Recipe recipe) {
        try {
            ReloadedTls made = new ReloadedTls(recipe.of(bundles.getBundle(name)));
            bundles.addBundleUpdateHandler(name, changed -> made.reload(changed, name, recipe));
            return made;
        } catch (NoSuchSslBundleException | SSLException | IllegalStateException | IllegalArgumentException unusable) {
            throw new InvalidEdgeProperty(property + ": " + unusable.getMessage());
        }
    }

    private void reload(SslBundle bundle, String name, Recipe recipe) {
        try {
            context = recipe.of(bundle);
            log.info("SSL bundle '{}' has changed: new connections use it.", name);
        } catch (SSLException | RuntimeException unusable) {
            log.error("SSL bundle '{}' has changed, but cannot be used; what it was before still is.", name, unusable);
        }
    }

    private static SslContext server(SslBundle bundle) throws SSLException {
        return options(SslContextBuilder.forServer(bundle.getManagers().getKeyManagerFactory()), bundle)
                .applicationProtocolConfig(SERVER_ALPN)
                .build();
    }

    private static SslContext client(SslBundle bundle, TlsMode mode) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient().applicationProtocolConfig(CLIENT_ALPN);
        if (bundle.getStores() != null && bundle.getStores().getKeyStore() != null) {
            builder.keyManager(bundle.getManagers().getKeyManagerFactory());
        }
        boolean verified =
                switch (mode) {
                    case VERIFY_CA, VERIFY_FULL -> true;
                    // As libpq does, if there is a root certificate.
                    case REQUIRE ->
                        bundle.getStores() != null && bundle.getStores().getTrustStore() != null;
                    default -> false;
                };
        builder.trustManager(
                verified ? bundle.getManagers().getTrustManagerFactory() : InsecureTrustManagerFactory.INSTANCE);
        builder.endpointIdentificationAlgorithm(mode == TlsMode.VERIFY_FULL ? "HTTPS" : null);
        return options(builder, bundle).build();
    }

    private static SslContextBuilder options(SslContextBuilder builder, SslBundle bundle) {
        SslOptions options = bundle.getOptions();
        if (options.getEnabledProtocols() != null) {
            builder.protocols(options.getEnabledProtocols());
        }
        if (options.getCiphers() != null) {
            builder.ciphers(java.util.List.of(options.getCiphers()));
        }
        return builder;
    }

    @Override
    public SslContext get() {
        return context;
    }
}

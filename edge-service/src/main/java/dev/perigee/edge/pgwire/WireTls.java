package dev.perigee.edge.pgwire;

import dev.perigee.edge.InvalidEdgeProperty;
import dev.perigee.web.ReloadedTls;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/** TLS as PostgreSQL's protocol has it, of SSL bundles. */
final class WireTls {

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

    private WireTls() {}

    /** For clients: with the edge's own certificate. */
    static ReloadedTls toClients(SslBundles bundles, String bundle) {
        return of(bundles, bundle, "perigee.edge.pgwire.server-tls-bundle", WireTls::server);
    }

    /** For the way to the database. */
    static ReloadedTls toDatabase(SslBundles bundles, @Nullable String bundle, TlsMode mode) {
        return of(bundles, bundle, "perigee.edge.pgwire.tls-bundle", found -> client(found, mode));
    }

    private static ReloadedTls of(
            SslBundles bundles, @Nullable String bundle, String property, ReloadedTls.Recipe recipe) {
        try {
            return ReloadedTls.of(bundles, bundle, property, recipe);
        } catch (InvalidConfigurationPropertyValueException unusable) {
            throw new InvalidEdgeProperty(property + ": " + unusable.getReason());
        }
    }

    private static SslContext server(SslBundle bundle) throws SSLException {
        return ReloadedTls.options(
                        SslContextBuilder.forServer(bundle.getManagers().getKeyManagerFactory()), bundle)
                .applicationProtocolConfig(SERVER_ALPN)
                .build();
    }

    private static SslContext client(SslBundle bundle, TlsMode mode) throws SSLException {
        boolean verified =
                switch (mode) {
                    case VERIFY_CA, VERIFY_FULL -> true;
                    // As libpq does, if there is a root certificate.
                    case REQUIRE ->
                        bundle.getStores() != null && bundle.getStores().getTrustStore() != null;
                    default -> false;
                };
        return ReloadedTls.client(bundle)
                .applicationProtocolConfig(CLIENT_ALPN)
                .trustManager(
                        verified ? bundle.getManagers().getTrustManagerFactory() : InsecureTrustManagerFactory.INSTANCE)
                .endpointIdentificationAlgorithm(mode == TlsMode.VERIFY_FULL ? "HTTPS" : null)
                .build();
    }
}

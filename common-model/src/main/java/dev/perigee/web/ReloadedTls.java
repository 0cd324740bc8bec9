package dev.perigee.web;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;

/**
 * The TLS context made of an SSL bundle; made anew whenever the bundle is, so that new connections get a renewed certificate
 * and those there are stay as they are. Thread-safe.
 */
public final class ReloadedTls implements Supplier<SslContext> {

    private static final Logger log = LoggerFactory.getLogger(ReloadedTls.class);

    private volatile SslContext context;

    /** How a context is made of a bundle. */
    public interface Recipe {

        /** The context; {@link #options} has what every recipe takes over. */
        SslContext of(SslBundle bundle) throws SSLException;
    }

    private ReloadedTls(SslContext context) {
        this.context = context;
    }

    /**
     * Of this bundle.
     *
     * @param name of the bundle; where it is null the JDK's trust is what counts
     * @param property where the name comes from
     * @throws InvalidConfigurationPropertyValueException if there is no such bundle, or it cannot be used
     */
    public static ReloadedTls of(SslBundles bundles, @Nullable String name, String property, Recipe recipe) {
        try {
            if (name == null) {
                return new ReloadedTls(recipe.of(SslBundle.systemDefault()));
            }
            ReloadedTls made = new ReloadedTls(recipe.of(bundles.getBundle(name)));
            bundles.addBundleUpdateHandler(name, changed -> made.reload(changed, name, recipe));
            return made;
        } catch (NoSuchSslBundleException | SSLException | IllegalStateException | IllegalArgumentException unusable) {
            throw new InvalidConfigurationPropertyValueException(
                    property, name, String.valueOf(unusable.getMessage()), unusable);
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

    /** For a client: with the bundle's certificate to show, if it has one, and its {@link #options}. */
    public static SslContextBuilder client(SslBundle bundle) {
        SslContextBuilder builder = SslContextBuilder.forClient();
        if (bundle.getStores() != null && bundle.getStores().getKeyStore() != null) {
            builder.keyManager(bundle.getManagers().getKeyManagerFactory());
        }
        return options(builder, bundle);
    }

    /** The protocols and ciphers that the bundle allows. */
    public static SslContextBuilder options(SslContextBuilder builder, SslBundle bundle) {
        SslOptions options = bundle.getOptions();
        if (options.getEnabledProtocols() != null) {
            builder.protocols(options.getEnabledProtocols());
        }
        if (options.getCiphers() != null) {
            builder.ciphers(List.of(options.getCiphers()));
        }
        return builder;
    }

    @Override
    public SslContext get() {
        return context;
    }
}

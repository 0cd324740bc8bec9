package dev.perigee.testing;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** A certificate authority made for a test, and what it issues. Thread-safe. */
public final class Authority {

    private final X509Bundle root;

    /** One of this common name. */
    public Authority(String name) {
        this.root = make(() -> builder(name).setIsCertificateAuthority(true).buildSelfSigned());
    }

    private static CertificateBuilder builder(String name) {
        Instant now = Instant.now();
        return new CertificateBuilder()
                .subject("CN=" + name)
                .notBefore(now.minus(Duration.ofHours(1)))
                .notAfter(now.plus(Duration.ofDays(1)));
    }

    /** A certificate for {@code localhost} and 127.0.0.1, and its key. */
    public X509Bundle server() {
        return issue("localhost", builder -> builder.addSanDnsName("localhost").addSanIpAddress("127.0.0.1"));
    }

    /** A certificate with these URIs, and its key. */
    public X509Bundle client(String... uris) {
        return issue("client", builder -> {
            for (String uri : uris) {
                builder.addSanUriName(URI.create(uri));
            }
            return builder;
        });
    }

    /** Any certificate, and its key. */
    public X509Bundle issue(String name, UnaryOperator<CertificateBuilder> more) {
        return make(() -> more.apply(builder(name)).buildIssuedBy(root));
    }

    /** Its own certificate. */
    public X509Certificate root() {
        return root.getRootCertificate();
    }

    /** Writes the authority's own certificate to a file, in place of what that held. */
    public Path writeTrust(Path file) {
        return replace(file, root.getRootCertificatePEM());
    }

    /** Writes a certificate and its key to the files {@code name.crt} and {@code name.key}, in place of what those held. */
    public static void write(X509Bundle issued, Path directory, String name) {
        replace(directory.resolve(name + ".key"), issued.getPrivateKeyPEM());
        replace(directory.resolve(name + ".crt"), issued.getCertificatePathPEM());
    }

    /** For a client that trusts this authority, and shows this certificate whenever it is asked, whoever is trusted there. */
    public SSLContext context(@Nullable X509Bundle shown) {
        return make(() -> {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    shown == null ? null : new KeyManager[] {new Shown(shown)},
                    root.toTrustManagerFactory().getTrustManagers(),
                    null);
            return context;
        });
    }

    /** At once, so that nobody reads half of it. */
    private static Path replace(Path file, String content) {
        try {
            Path next = Files.writeString(file.resolveSibling(file.getFileName() + ".next"), content);
            return Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Making<T> {
        T make() throws Exception;
    }

    private static <T> T make(Making<T> making) {
        try {
            return making.make();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Shown extends X509ExtendedKeyManager {

        private static final String ALIAS = "shown";

        private final X509Bundle bundle;

        Shown(X509Bundle bundle) {
            this.bundle = bundle;
        }

        @Override
        public String chooseEngineClientAlias(
                String[] types, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return ALIAS;
        }

        @Override
        public String chooseClientAlias(String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return ALIAS;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return bundle.getCertificatePath();
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return bundle.getKeyPair().getPrivate();
        }

        @Override
        public String[] getClientAliases(String type, Principal @Nullable [] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }
}

package dev.perigee.edge.pgwire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;

/** An authority made for one test class, with keytool, and certificates of it. */
final class TestCertificates {

    private static final String PASSWORD = "changeit";
    private static final String CA = "ca";

    private final Path directory;
    private final Path keys;

    TestCertificates(Path directory) {
        this.directory = directory;
        this.keys = directory.resolve("keys.p12");
        keytool("-genkeypair", "-alias", CA, "-dname", "CN=Test CA", "-ext", "bc:c");
    }

    /** A certificate for this name; {@code san} as keytool has it, such as {@code dns:localhost,ip:127.0.0.1}. */
    TestCertificates issue(String name, String san) {
        keytool("-genkeypair", "-alias", name, "-signer", CA, "-dname", "CN=" + name, "-ext", "san=" + san);
        return this;
    }

    /** The certificate and its key, without trust. */
    SslBundle key(String name) {
        return bundle(only(name), null);
    }

    /** The authority alone. */
    SslBundle trust() {
        return bundle(null, authority());
    }

    /** Both. */
    SslBundle keyAndTrust(String name) {
        return bundle(only(name), authority());
    }

    Path certificatePem(String name) {
        try {
            return pem(
                    name + ".crt", "CERTIFICATE", store().getCertificate(name).getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    Path authorityPem() {
        return certificatePem(CA);
    }

    Path keyPem(String name) {
        try {
            Path file = pem(
                    name + ".key",
                    "PRIVATE KEY",
                    store().getKey(name, PASSWORD.toCharArray()).getEncoded());
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            return file;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** For a client of the JDK that trusts the authority. */
    SSLContext clientContext() {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(authority());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static DefaultSslBundleRegistry bundles(Object... namesAndBundles) {
        DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();
        for (int i = 0; i < namesAndBundles.length; i += 2) {
            registry.registerBundle((String) namesAndBundles[i], (SslBundle) namesAndBundles[i + 1]);
        }
        return registry;
    }

    private static SslBundle bundle(KeyStore key, KeyStore trust) {
        return SslBundle.of(
                SslStoreBundle.of(key, PASSWORD, trust), org.springframework.boot.ssl.SslBundleKey.of(PASSWORD));
    }

    private KeyStore only(String name) {
        try {
            KeyStore all = store();
            KeyStore one = KeyStore.getInstance("PKCS12");
            one.load(null, null);
            one.setKeyEntry(
                    name,
                    all.getKey(name, PASSWORD.toCharArray()),
                    PASSWORD.toCharArray(),
                    all.getCertificateChain(name));
            return one;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private KeyStore authority() {
        try {
            KeyStore trust = KeyStore.getInstance("PKCS12");
            trust.load(null, null);
            trust.setCertificateEntry(CA, store().getCertificate(CA));
            return trust;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private KeyStore store() {
        try (InputStream in = Files.newInputStream(keys)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, PASSWORD.toCharArray());
            return store;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path pem(String file, String type, byte[] content) {
        String text = "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + type
                + "-----\n";
        try {
            return Files.writeString(directory.resolve(file), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void keytool(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "30", "-storetype", "PKCS12"));
        command.addAll(List.of("-keystore", keys.toString(), "-storepass", PASSWORD));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("keytool.log").toFile())
                    .start();
            if (process.waitFor() != 0) {
                throw new IllegalStateException(Files.readString(directory.resolve("keytool.log")));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}

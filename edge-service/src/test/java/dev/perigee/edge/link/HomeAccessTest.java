package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.perigee.edge.InvalidEdgeProperty;
import dev.perigee.model.EdgeConfig;
import dev.perigee.testing.Authority;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.pkitesting.X509Bundle;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStore;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.tcp.SslProvider;

/** What the edge shows to a home, and whom it takes for one. */
class HomeAccessTest {

    private static final String BUNDLE = "home";

    @TempDir
    Path directory;

    private final Authority ours = new Authority("Ours");
    private final Authority theirs = new Authority("Theirs");
    private final DefaultSslBundleRegistry bundles = new DefaultSslBundleRegistry();
    private final AtomicReference<SslContext> homeTls = new AtomicReference<>();
    private DisposableServer home;
    private HomeHttp http;

    @AfterEach
    void close() {
        if (home != null) {
            home.disposeNow();
        }
        if (http != null) {
            http.close();
        }
    }

    /** Answers with the token and the certificate it was shown. */
    private String startHome(X509Bundle certificate) {
        HttpServer server = HttpServer.create().host("127.0.0.1").port(0).handle((request, response) -> {
            String[] shown = {"none"};
            request.withConnection(connection ->
                    shown[0] = shownOn(connection.channel().pipeline().get(SslHandler.class)));
            return response.sendString(Mono.just(request.requestHeaders().get("Authorization") + " " + shown[0]));
        });
        if (certificate != null) {
            use(certificate);
            server = server.secure(spec -> spec.sslContext(homeTls.get())
                    .setSniAsyncMappings((name, promise) -> promise.setSuccess(
                            SslProvider.builder().sslContext(homeTls.get()).build())));
        }
        home = server.bindNow();
        return (certificate == null ? "http" : "https") + "://127.0.0.1:" + home.port();
    }

    private void use(X509Bundle certificate) {
        try {
            homeTls.set(
                    SslContextBuilder.forServer(certificate.getKeyPair().getPrivate(), certificate.getCertificatePath())
                            .trustManager(ours.root())
                            .clientAuth(ClientAuth.OPTIONAL)
                            .build());
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String shownOn(SslHandler tls) {
        if (tls == null) {
            return "plain";
        }
        try {
            return ((X509Certificate) tls.engine().getSession().getPeerCertificates()[0])
                    .getSerialNumber()
                    .toString();
        } catch (SSLPeerUnverifiedException none) {
            return "none";
        }
    }

    private SslBundle bundle(Authority trusted, X509Bundle shown) {
        PemSslStore key = shown == null
                ? null
                : PemSslStore.of(
                        List.of(shown.getCertificatePath()), shown.getKeyPair().getPrivate());
        return SslBundle.of(new PemSslStoreBundle(key, PemSslStore.of(List.of(trusted.root()), null)));
    }

    private HomeHttp access(String homeUrl, String token, String tokenFile, String bundle) {
        EdgeConfig config = new EdgeConfig(EdgeConfig.Role.EDGE, List.of(URI.create(homeUrl)), token, null, null, null);
        LinkProperties properties = new LinkProperties(
                "e",
                "here",
                null,
                Duration.ofSeconds(5),
                LinkProperties.WhenStale.BYPASS,
                Duration.ZERO,
                Duration.ofSeconds(3),
                Duration.ofSeconds(30),
                null);
        http = HomeHttp.of(config, properties, new HomeAccess(tokenFile, bundle), bundles);
        return http;
    }

    private static String ask(HttpClient client, String url) {
        return client.get().uri(url).responseContent().aggregate().asString().block(Duration.ofSeconds(20));
    }

    @Test
    void theTokenIsWhatTheFileHoldsNow() throws Exception {
        String url = startHome(null);
        Path file = Files.writeString(directory.resolve("token"), "first\n");
        HttpClient client = access(url, null, file.toString(), null).client("test", 2);
        assertThat(ask(client, url)).isEqualTo("Bearer first plain");
        Files.writeString(file, "second");
        await().until(() -> ask(client, url).equals("Bearer second plain"));
        // Whoever replaces it carelessly has us show nothing worse than the former one.
        Files.writeString(file, "two lines\nat once");
        Files.delete(file);
        Files.writeString(directory.resolve("next"), "third");
        Files.move(directory.resolve("next"), file);
        await().until(() -> {
            String shown = ask(client, url);
            assertThat(shown).isIn("Bearer second plain", "Bearer third plain");
            return shown.equals("Bearer third plain");
        });
        assertThat(http.authorization()).isEqualTo("Bearer third");
    }

    @Test
    void onlyAHomeWithACertificateOfSomebodyTrustedForItsNameIsOne() {
        String url = startHome(ours.server());
        bundles.registerBundle(BUNDLE, bundle(ours, null));
        HttpClient client = access(url, "t", null, BUNDLE).client("test", 2);
        assertThat(ask(client, url)).isEqualTo("Bearer t none");

        home.disposeNow();
        String others = startHome(theirs.server());
        assertThatThrownBy(() -> ask(client, others)).hasCauseInstanceOf(SSLException.class);
        use(ours.issue("other", builder -> builder.addSanDnsName("other.example")));
        assertThatThrownBy(() -> ask(client, others)).hasCauseInstanceOf(SSLException.class);
        assertThatThrownBy(() -> ask(access(others, "t", null, null).client("jdk", 2), others))
                .hasCauseInstanceOf(SSLException.class);
    }

    @Test
    void whatTheBundleBecomesNewConnectionsAre() {
        String url = startHome(ours.server());
        X509Bundle first = ours.client("spiffe://example.org/edge/e");
        X509Bundle second = ours.client("spiffe://example.org/edge/e");
        bundles.registerBundle(BUNDLE, bundle(ours, first));
        HttpClient client = access(url, null, null, BUNDLE).client("test", 2);
        assertThat(ask(client.keepAlive(false), url)).isEqualTo("null " + serial(first));
        bundles.updateBundle(BUNDLE, bundle(ours, second));
        assertThat(ask(client.keepAlive(false), url)).isEqualTo("null " + serial(second));
        use(theirs.server());
        assertThatThrownBy(() -> ask(client.keepAlive(false), url)).hasCauseInstanceOf(SSLException.class);
        bundles.updateBundle(BUNDLE, bundle(theirs, null));
        assertThat(ask(client.keepAlive(false), url)).isEqualTo("null none");
        // One that cannot be used changes nothing.
        bundles.updateBundle(BUNDLE, broken());
        assertThat(ask(client.keepAlive(false), url)).isEqualTo("null none");
    }

    private static String serial(X509Bundle bundle) {
        return bundle.getCertificate().getSerialNumber().toString();
    }

    /** A key that its password does not open. */
    private SslBundle broken() {
        try {
            X509Bundle key = ours.client();
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("k", key.getKeyPair().getPrivate(), "right".toCharArray(), key.getCertificatePath());
            return SslBundle.of(SslStoreBundle.of(store, "right", null), SslBundleKey.of("wrong"));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void saysWhatIsMissingOrTooMuch() throws Exception {
        bundles.registerBundle("trust", bundle(ours, null));
        bundles.registerBundle("key", bundle(ours, ours.client()));
        assertThatThrownBy(() -> access("https://h", null, null, null))
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("perigee.auth-token is not set");
        assertThatThrownBy(() -> access("https://h", null, null, "trust"))
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("perigee.auth-token is not set");
        assertThatThrownBy(() -> access("http://h", null, null, "key"))
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("https");
        assertThatThrownBy(() -> access("https://h", "t", "f", null))
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("both");
        assertThatThrownBy(() ->
                        access("https://h", null, directory.resolve("none").toString(), null))
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("perigee.auth-token-file");
        Path empty = Files.writeString(directory.resolve("empty"), "\n");
        assertThatThrownBy(() -> access("https://h", null, empty.toString(), null))
                .isInstanceOf(InvalidEdgeProperty.class)
                .hasMessageContaining("holds no token");
        assertThatThrownBy(() -> access("https://h", "t", null, "unheard-of"))
                .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                .hasMessageContaining("perigee.home-tls-bundle");
        assertThat(access("https://h", null, null, "key").authorization()).isNull();
    }
}

package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.autoconfigure.ServerProperties;

/** What a service does not start with. */
class IssuerConfigurationTest {

    private static JwtTokens issued(String issuer, List<String> audiences, String tlsBundle) {
        OAuth2ResourceServerProperties properties = new OAuth2ResourceServerProperties();
        properties.getJwt().setIssuerUri(issuer);
        properties.getJwt().setAudiences(audiences);
        return new IssuerConfiguration()
                .jwtTokens(
                        properties,
                        new JwtProperties("roles", null, null, Duration.ZERO, tlsBundle),
                        new DefaultSslBundleRegistry());
    }

    @Test
    void anIssuerThatIsNotThereIsNotAsked() {
        assertThat(issued("https://127.0.0.1:1/realm", List.of("perigee"), null))
                .isNotNull();
    }

    @Test
    void tokensMadeForOthersAreNotAcceptedByOmission() {
        assertThatThrownBy(() -> issued("https://issuer.example", List.of(), null))
                .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                .hasMessageContaining("audiences");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "issuer.example", "ftp://issuer.example", "http://", "http://a b"})
    void anIssuerIsAUrl(String issuer) {
        assertThatThrownBy(() -> issued(issuer, List.of("perigee"), null))
                .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                .hasMessageContaining("issuer-uri");
    }

    @Test
    void aBundleHasToBeThere() {
        assertThatThrownBy(() -> issued("https://issuer.example", List.of("perigee"), "nothing"))
                .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                .hasMessageContaining("perigee.security.jwt.tls-bundle");
    }

    @Test
    void theClockSkewIsSmall() {
        for (Duration skew : List.of(Duration.ofSeconds(-1), Duration.ofSeconds(61))) {
            assertThatThrownBy(() -> new JwtProperties("roles", null, null, skew, null))
                    .hasMessageContaining("perigee.security.jwt.clock-skew");
        }
    }

    @Test
    void aValueMayHaveDotsAndColons() {
        JwtProperties bound = new Binder(new MapConfigurationPropertySource(Map.of(
                        "perigee.security.jwt.roles[system:serviceaccount:perigee:edge]", "EDGE",
                        "perigee.security.jwt.roles[ops.example]", "ADMIN, METRICS")))
                .bind("perigee.security.jwt", JwtProperties.class)
                .get();
        assertThat(bound.roles())
                .isEqualTo(Map.of(
                        "system:serviceaccount:perigee:edge", Set.of(Role.EDGE),
                        "ops.example", Set.of(Role.ADMIN, Role.METRICS)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"edge/", "spiffe://example.org/edge", "urn:edge/", "spiffe://a b/"})
    void whatTheUrisOfEdgesBeginWithEndsWithASlash(String uri) {
        assertThatThrownBy(() -> new MtlsProperties(uri)).hasMessageContaining("perigee.security.mtls.edge-uri");
    }

    private static EdgeCertificates certificates(Ssl ssl, SslStoreBundle stores) {
        ServerProperties server = new ServerProperties();
        server.setSsl(ssl);
        DefaultSslBundleRegistry bundles = new DefaultSslBundleRegistry("web", SslBundle.of(stores));
        return new WebConfiguration()
                .edgeCertificates(new MtlsProperties("spiffe://example.org/edge/"), server, bundles);
    }

    private static Ssl asking(Ssl.ClientAuth clientAuth) {
        Ssl ssl = Ssl.forBundle("web");
        ssl.setClientAuth(clientAuth);
        return ssl;
    }

    @Test
    void certificatesCountOnlyWhereTheyAreAskedFor() {
        for (Ssl ssl : new Ssl[] {null, asking(null), asking(Ssl.ClientAuth.NONE)}) {
            assertThatThrownBy(() -> certificates(ssl, SslStoreBundle.NONE))
                    .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                    .hasMessageContaining("client-auth");
        }
    }

    @Test
    void certificatesOfEverybodyTheJdkTrustsDoNotCount() {
        Ssl byName = new Ssl();
        byName.setClientAuth(Ssl.ClientAuth.NEED);
        byName.setTrustCertificate("ca.crt");
        assertThat(certificates(byName, SslStoreBundle.NONE)).isNotNull();
        byName.setServerNameBundles(List.of(new Ssl.ServerNameSslBundle("other.example", "web")));
        Ssl without = new Ssl();
        without.setClientAuth(Ssl.ClientAuth.NEED);
        for (Ssl ssl : List.of(asking(Ssl.ClientAuth.WANT), byName, without)) {
            assertThatThrownBy(() -> certificates(ssl, SslStoreBundle.NONE))
                    .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                    .hasMessageContaining("trust store");
        }
    }
}

package dev.perigee.web;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.model.ProblemCode;
import io.micrometer.observation.ObservationRegistry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.autoconfigure.ServerProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.web.server.firewall.ServerExchangeRejectedHandler;
import tools.jackson.databind.json.JsonMapper;

/** What both services need of the web: imported by each. */
@Configuration(proxyBeanMethods = false)
@EnableWebFluxSecurity
@EnableConfigurationProperties({
    TokenProperties.class,
    GuessProperties.class,
    ConnectionProperties.class,
    MtlsProperties.class
})
@Import({IssuerConfiguration.class, ApiDocs.class, TracingConfiguration.class})
public class WebConfiguration {

    private static final Logger log = LoggerFactory.getLogger(WebConfiguration.class);

    @Bean
    JsonMapper jsonMapper() {
        return WireJson.mapper();
    }

    /** Observing each filter of the security chain costs more than the chain, and as much memory as the rest of a stream. */
    @Bean
    static SecurityObservationSettings securityObservations() {
        return SecurityObservationSettings.noObservations();
    }

    @Bean
    Spans spans(Environment environment, ObjectProvider<ObservationRegistry> registry) {
        return TracingSwitch.isOn(environment) ? new Spans(registry.getObject()) : Spans.NONE;
    }

    @Bean
    ProblemHandler problemHandler() {
        return new ProblemHandler();
    }

    /** What the firewall does not let in never reaches the problem handler. */
    @Bean
    ServerExchangeRejectedHandler rejectedHandler() {
        return (exchange, rejected) -> ProblemHandler.write(
                exchange.getResponse(),
                ProblemException.problemDetail(
                        ProblemCode.INVALID_REQUEST, "The path or a header holds characters that are not allowed."));
    }

    @Bean
    Strangers strangers(ConnectionProperties properties) {
        return new Strangers(properties.maxStrangers());
    }

    @Bean
    ConnectionLimits connectionLimits(ConnectionProperties properties, Strangers strangers) {
        return new ConnectionLimits(properties, strangers);
    }

    @Bean
    BearerAuthentication bearerAuthentication(
            BearerTokens tokens,
            ObjectProvider<JwtTokens> issued,
            EdgeCertificates certificates,
            GuessProperties guesses,
            Strangers strangers) {
        return new BearerAuthentication(
                tokens,
                issued.getIfAvailable(),
                certificates,
                new GuessLimit(guesses, Ticker.systemTicker()),
                strangers,
                InstantSource.system());
    }

    @Bean
    EdgeCertificates edgeCertificates(MtlsProperties properties, ServerProperties server, SslBundles bundles) {
        if (properties.edgeUri() != null) {
            checkThatCertificatesCount(properties.edgeUri(), server.getSsl(), bundles);
        }
        return new EdgeCertificates(properties);
    }

    private static void checkThatCertificatesCount(String edgeUri, @Nullable Ssl ssl, SslBundles bundles) {
        Ssl.ClientAuth asked = ssl == null || !Ssl.isEnabled(ssl) ? null : ssl.getClientAuth();
        if (ssl == null || asked == null || asked == Ssl.ClientAuth.NONE) {
            throw new InvalidConfigurationPropertyValueException(
                    "perigee.security.mtls.edge-uri",
                    edgeUri,
                    "Nobody is asked for a certificate: server.ssl.client-auth has to be want or need.");
        }
        String bundle = ssl.getBundle();
        boolean trusts = bundle == null
                ? ssl.getTrustStore() != null || ssl.getTrustCertificate() != null
                : trusts(bundles, bundle);
        if (!trusts || !ssl.getServerNameBundles().stream().allMatch(name -> trusts(bundles, name.bundle()))) {
            throw new InvalidConfigurationPropertyValueException(
                    "perigee.security.mtls.edge-uri",
                    edgeUri,
                    "The server's SSL bundle has no trust store: certificates of every authority that the JDK knows would"
                            + " be accepted.");
        }
    }

    private static boolean trusts(SslBundles bundles, String bundle) {
        return bundles.getBundle(bundle).getStores().getTrustStore() != null;
    }

    @Bean
    BearerTokens bearerTokens(TokenProperties properties, ObjectProvider<JwtTokens> issued) {
        List<TokenProperties.Token> tokens = Objects.requireNonNullElse(properties.tokens(), List.of());
        if (!tokens.isEmpty() || issued.getIfAvailable() != null) {
            return new BearerTokens(tokens);
        }
        List<TokenProperties.Token> generated = new ArrayList<>();
        StringBuilder printed = new StringBuilder();
        for (Role role : Role.values()) {
            String value = BearerTokens.generate();
            generated.add(new TokenProperties.Token(role.name(), null, value, EnumSet.of(role), null));
            printed.append(String.format("%n    %-8s%s", role, value));
        }
        log.warn("No tokens are configured (perigee.security.tokens). Generated for this run:{}{}", printed, "\n");
        return new BearerTokens(generated);
    }
}

package dev.perigee.web;

import io.netty.channel.ChannelOption;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.security.oauth2.server.resource.autoconfigure.OAuth2ResourceServerProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.core.OAuth2ErrorCodes;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidatorResult;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.NimbusReactiveJwtDecoder;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.netty.http.client.HttpClient;

/**
 * Tokens of an issuer. Its keys are fetched when the first token of it comes, and whoever starts before it does starts all the
 * same.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({OAuth2ResourceServerProperties.class, JwtProperties.class})
class IssuerConfiguration {

    private static final Logger log = LoggerFactory.getLogger(IssuerConfiguration.class);

    private static final String PREFIX = "spring.security.oauth2.resourceserver.jwt.";
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");
    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    @Bean
    @ConditionalOnProperty(PREFIX + "issuer-uri")
    JwtTokens jwtTokens(OAuth2ResourceServerProperties properties, JwtProperties claims, SslBundles bundles) {
        OAuth2ResourceServerProperties.Jwt jwt = properties.getJwt();
        String issuer = issuer(jwt.getIssuerUri());
        OAuth2TokenValidator<Jwt> validator = validator(issuer, audiences(jwt), claims.clockSkew());
        Set<SignatureAlgorithm> algorithms = algorithms(jwt.getJwsAlgorithms());
        WebClient http = http(ReloadedSslContext.of(bundles, claims.tlsBundle(), "perigee.security.jwt.tls-bundle"));
        String keys = jwt.getJwkSetUri();
        return new JwtTokens(
                () -> {
                    NimbusReactiveJwtDecoder decoder = (keys == null
                                    ? NimbusReactiveJwtDecoder.withIssuerLocation(issuer)
                                    : NimbusReactiveJwtDecoder.withJwkSetUri(keys)
                                            .jwsAlgorithms(all -> all.addAll(algorithms)))
                            .webClient(http)
                            .build();
                    decoder.setJwtValidator(validator);
                    return decoder;
                },
                new JwtGrants(claims),
                claims.clockSkew(),
                InstantSource.system());
    }

    private static String issuer(@Nullable String uri) {
        try {
            URI parsed = URI.create(String.valueOf(uri));
            String scheme = String.valueOf(parsed.getScheme()).toLowerCase(Locale.ROOT);
            if (uri != null
                    && parsed.getHost() != null
                    && Set.of("http", "https").contains(scheme)) {
                if (scheme.equals("http") && !LOOPBACK.contains(parsed.getHost())) {
                    log.warn("{}issuer-uri is not https: whoever is on the way to it decides who is let in", PREFIX);
                }
                return uri;
            }
        } catch (IllegalArgumentException malformed) {
            // As one that is none.
        }
        throw new InvalidConfigurationPropertyValueException(PREFIX + "issuer-uri", uri, "It is no http or https URL.");
    }

    private static List<String> audiences(OAuth2ResourceServerProperties.Jwt jwt) {
        List<String> audiences = jwt.getAudiences();
        if (audiences == null || audiences.isEmpty()) {
            throw new InvalidConfigurationPropertyValueException(
                    PREFIX + "issuer-uri",
                    jwt.getIssuerUri(),
                    "With it, audiences is required: whatever the issuer has made for other services would be accepted here"
                            + " too.");
        }
        return List.copyOf(audiences);
    }

    private static Set<SignatureAlgorithm> algorithms(List<String> names) {
        Set<SignatureAlgorithm> algorithms = new HashSet<>();
        for (String name : names) {
            SignatureAlgorithm algorithm = SignatureAlgorithm.from(name);
            if (algorithm == null) {
                throw new InvalidConfigurationPropertyValueException(
                        PREFIX + "jws-algorithms", name, "It is no algorithm of signatures.");
            }
            algorithms.add(algorithm);
        }
        return algorithms;
    }

    private static OAuth2TokenValidator<Jwt> validator(String issuer, List<String> audiences, Duration clockSkew) {
        JwtTypeValidator type = new JwtTypeValidator("JWT", "at+jwt", "application/at+jwt");
        type.setAllowEmpty(true);
        JwtTimestampValidator timestamps = new JwtTimestampValidator(clockSkew);
        timestamps.setAllowEmptyExpiryClaim(false);
        return new DelegatingOAuth2TokenValidator<>(
                type,
                timestamps,
                new JwtIssuerValidator(issuer),
                that(
                        jwt -> jwt.getAudience() != null
                                && jwt.getAudience().stream().anyMatch(audiences::contains),
                        "it is for others"),
                // Such a token is only good in the hands of whoever has a certain key, which a bearer need not have.
                that(jwt -> !jwt.hasClaim("cnf"), "it is bound to a key"));
    }

    private static OAuth2TokenValidator<Jwt> that(Predicate<Jwt> holds, String otherwise) {
        return jwt -> holds.test(jwt)
                ? OAuth2TokenValidatorResult.success()
                : OAuth2TokenValidatorResult.failure(new OAuth2Error(OAuth2ErrorCodes.INVALID_TOKEN, otherwise, null));
    }

    private static WebClient http(ReloadedSslContext tls) {
        return WebClient.builder()
                .clientConnector(new ReactorClientHttpConnector(HttpClient.create()
                        .secure(spec -> spec.sslContext(tls))
                        .responseTimeout(TIMEOUT)
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(TIMEOUT.toMillis()))))
                .build();
    }
}

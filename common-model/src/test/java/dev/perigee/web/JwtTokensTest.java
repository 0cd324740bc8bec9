package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.ReactiveJwtDecoder;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What is remembered of tokens and for how long; signatures are looked at where there is a real issuer. */
class JwtTokensTest {

    private static final Duration SKEW = Duration.ofSeconds(10);
    private static final JwtProperties PLAIN = new JwtProperties("roles", null, null, SKEW, null);

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final Instant expiry = now.get().plusSeconds(60);
    private final AtomicInteger decoders = new AtomicInteger();
    private final AtomicInteger decoded = new AtomicInteger();
    private Mono<Jwt> answer = Mono.error(new BadJwtException("no"));

    private JwtTokens tokens(JwtProperties properties) {
        return new JwtTokens(
                () -> {
                    decoders.incrementAndGet();
                    return (ReactiveJwtDecoder) token -> {
                        decoded.incrementAndGet();
                        return answer;
                    };
                },
                new JwtGrants(properties),
                SKEW,
                now::get);
    }

    private Jwt jwt(Map<String, Object> claims) {
        return Jwt.withTokenValue("t")
                .header("alg", "ES256")
                .claims(all -> all.putAll(claims))
                .subject("me")
                .expiresAt(expiry)
                .build();
    }

    private BearerTokens.Grant grant(JwtProperties properties, Map<String, Object> claims) {
        answer = Mono.just(jwt(claims));
        return tokens(properties).verify("t", "d").block();
    }

    @Test
    void aRightOneIsLookedAtOnceAndHoldsUntilItExpires() {
        answer = Mono.just(jwt(Map.of("roles", List.of("CLIENT"))));
        JwtTokens tokens = tokens(PLAIN);
        assertThat(tokens.known("d")).isNull();
        BearerTokens.Grant grant = new BearerTokens.Grant("jwt of me", Set.of(Role.CLIENT), null, expiry.plus(SKEW));
        assertThat(tokens.verify("t", "d").block()).isEqualTo(grant);
        assertThat(tokens.known("d")).isEqualTo(grant);
        assertThat(decoded).hasValue(1);
        assertThat(tokens.known("another")).isNull();
        now.set(expiry.plus(SKEW).minusMillis(1));
        assertThat(tokens.known("d")).isNotNull();
        now.set(expiry.plus(SKEW));
        assertThat(tokens.known("d")).isNull();
        answer = Mono.error(new BadJwtException("expired"));
        StepVerifier.create(tokens.verify("t", "d")).verifyError(BadCredentialsException.class);
    }

    @Test
    void aWrongOneIsNotLookedAtAgainAtOnce() {
        JwtTokens tokens = tokens(PLAIN);
        for (int i = 0; i < 3; i++) {
            StepVerifier.create(tokens.verify("t", "d")).verifyError(BadCredentialsException.class);
        }
        assertThat(decoded).hasValue(1);
    }

    @Test
    void withoutAnExpiryNoneIsRight() {
        answer = Mono.just(Jwt.withTokenValue("t")
                .header("alg", "ES256")
                .claim("roles", List.of("ADMIN"))
                .build());
        StepVerifier.create(tokens(PLAIN).verify("t", "d")).verifyError(BadCredentialsException.class);
    }

    @Test
    void whatCannotBeToldIsNotRemembered() {
        JwtTokens tokens = tokens(PLAIN);
        answer = Mono.error(new IllegalStateException("no keys"));
        StepVerifier.create(tokens.verify("t", "d")).verifyError(IssuerUnavailable.class);
        answer = Mono.just(jwt(Map.of()));
        assertThat(tokens.verify("t", "d").block()).isNotNull();
    }

    @Test
    void anIssuerThatDoesNotAnswerIsAskedForAFewTokensAtOnceOnly() {
        JwtTokens tokens = tokens(PLAIN);
        answer = Mono.never();
        for (int i = 0; i < 64; i++) {
            tokens.verify("t", "d" + i).subscribe(any -> {}, any -> {});
        }
        StepVerifier.create(tokens.verify("t", "one more"))
                .expectError(IssuerUnavailable.class)
                .verify(Duration.ofSeconds(2));
    }

    @Test
    void keysAreForgottenAfterAWhile() {
        answer = Mono.just(jwt(Map.of()));
        JwtTokens tokens = tokens(PLAIN);
        tokens.verify("t", "1").block();
        now.set(now.get().plus(Duration.ofMinutes(10)));
        tokens.verify("t", "2").block();
        assertThat(decoders).hasValue(1);
        now.set(now.get().plusMillis(1));
        tokens.verify("t", "3").block();
        assertThat(decoders).hasValue(2);
    }

    @Test
    void rolesAreTheirNamesWhereNothingElseIsSaid() {
        assertThat(grant(PLAIN, Map.of("roles", "EDGE metrics  Admin other")).roles())
                .containsExactlyInAnyOrder(Role.EDGE, Role.METRICS);
        assertThat(grant(PLAIN, Map.of("roles", List.of("ADMIN", 7, "CLIENT"))).roles())
                .containsExactlyInAnyOrder(Role.ADMIN, Role.CLIENT);
        assertThat(grant(PLAIN, Map.of("roles", Map.of("ADMIN", true))).roles()).isEmpty();
        assertThat(grant(PLAIN, Map.of("scope", "ADMIN")).roles()).isEmpty();
    }

    @Test
    void rolesAreWhatTheirValuesAreMappedTo() {
        JwtProperties mapped = new JwtProperties(
                "realm_access.roles",
                Map.of("ops", EnumSet.of(Role.ADMIN, Role.METRICS), "system:app", EnumSet.of(Role.CLIENT)),
                null,
                SKEW,
                null);
        assertThat(grant(mapped, Map.of("realm_access", Map.of("roles", List.of("ops", "EDGE"))))
                        .roles())
                .containsExactlyInAnyOrder(Role.ADMIN, Role.METRICS);
        assertThat(grant(mapped, Map.of("realm_access.roles", "system:app")).roles())
                .containsExactly(Role.CLIENT);
    }

    @Test
    void anEdgeIsWhoItsClaimSaysOrNone() {
        JwtProperties bound = new JwtProperties("roles", null, "kubernetes.io.pod.name", SKEW, null);
        Map<String, Object> pod = Map.of("roles", "EDGE CLIENT", "kubernetes.io", Map.of("pod", Map.of("name", "e-1")));
        assertThat(grant(bound, pod).edgeId()).isEqualTo("e-1");
        assertThat(grant(bound, pod).roles()).containsExactlyInAnyOrder(Role.EDGE, Role.CLIENT);
        assertThat(grant(bound, Map.of("roles", "EDGE CLIENT")).roles()).containsExactly(Role.CLIENT);
        assertThat(grant(bound, Map.of("roles", "EDGE", "kubernetes.io.pod.name", "a/b"))
                        .roles())
                .isEmpty();
        assertThat(grant(PLAIN, Map.of("roles", "EDGE")).edgeId()).isNull();
    }
}

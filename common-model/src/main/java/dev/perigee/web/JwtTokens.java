package dev.perigee.web;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.nimbusds.jose.JOSEException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.ReactiveJwtDecoder;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Verifies the tokens of an issuer, and remembers by their digests those that were right, until they expire, so that the
 * signature is looked at once. What was wrong is remembered for a moment: whoever repeats it must not have the issuer asked
 * for its keys each time. Memory is bounded. Thread-safe, never blocks.
 */
final class JwtTokens {

    private static final Logger log = LoggerFactory.getLogger(JwtTokens.class);

    private static final int MOST_REMEMBERED = 10_000;
    private static final int MOST_UNDER_WAY = 64;
    private static final Duration REMEMBER_WRONG = Duration.ofSeconds(5);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    /** Spring's decoder keeps a key for ever that the issuer has taken back. */
    private static final Duration RENEW = Duration.ofMinutes(10);

    private final Supplier<? extends ReactiveJwtDecoder> decoders;
    private final JwtGrants grants;
    private final Duration clockSkew;
    private final InstantSource clock;
    private final Cache<String, BearerTokens.Grant> right;
    private final Cache<String, Boolean> wrong;
    private final AtomicInteger underWay = new AtomicInteger();
    /** Whether the log says already that the issuer cannot be reached. */
    private final AtomicBoolean away = new AtomicBoolean();

    private volatile @Nullable Decoder decoder;

    private record Decoder(ReactiveJwtDecoder decoder, Instant since) {}

    /**
     * Verifies with decoders that let through nothing without an expiry.
     *
     * @param decoders makes one that knows no keys yet; must not block
     */
    JwtTokens(
            Supplier<? extends ReactiveJwtDecoder> decoders,
            JwtGrants grants,
            Duration clockSkew,
            InstantSource clock) {
        this.decoders = decoders;
        this.grants = grants;
        this.clockSkew = clockSkew;
        this.clock = clock;
        this.right = Caffeine.newBuilder()
                .maximumSize(MOST_REMEMBERED)
                .expireAfter(Expiry.<String, BearerTokens.Grant>creating((digest, grant) -> left(grant)))
                .build();
        this.wrong = Caffeine.newBuilder()
                .maximumSize(MOST_REMEMBERED)
                .expireAfterWrite(REMEMBER_WRONG)
                .build();
    }

    private Duration left(BearerTokens.Grant grant) {
        Duration left = grant.validFor(clock.instant());
        return left == null ? Duration.ZERO : left;
    }

    /** Whether a token has the form of these: three parts with dots between. */
    static boolean isJwt(String token) {
        return token.startsWith("ey") && token.chars().filter(c -> c == '.').count() == 2;
    }

    /** What a token of this digest stands for that was found right before; null if none was, or it has expired since. */
    BearerTokens.@Nullable Grant known(String digest) {
        BearerTokens.Grant grant = right.getIfPresent(digest);
        return grant == null || grant.expiredAt(clock.instant()) ? null : grant;
    }

    /**
     * What a token stands for that is not {@link #known}.
     *
     * @return fails with {@link BadCredentialsException} if it is wrong, and with {@link IssuerUnavailable} if that cannot
     *     be told now
     */
    Mono<BearerTokens.Grant> verify(String token, String digest) {
        if (wrong.getIfPresent(digest) != null) {
            return Mono.error(new BadCredentialsException("wrong token"));
        }
        return Mono.defer(() -> decode(token))
                .map(jwt -> remember(jwt, digest))
                .onErrorMap(error -> told(error, digest));
    }

    private Mono<Jwt> decode(String token) {
        if (underWay.incrementAndGet() > MOST_UNDER_WAY) {
            underWay.decrementAndGet();
            return Mono.error(new IssuerUnavailable("too many tokens are being checked"));
        }
        // To load a provider of algorithms for the first time may block.
        return Mono.defer(() -> decoder().decode(token))
                .subscribeOn(Schedulers.boundedElastic())
                .timeout(TIMEOUT)
                .doFinally(end -> underWay.decrementAndGet());
    }

    private ReactiveJwtDecoder decoder() {
        Instant now = clock.instant();
        Decoder present = decoder;
        if (present == null || present.since.plus(RENEW).isBefore(now)) {
            present = new Decoder(decoders.get(), now);
            decoder = present;
        }
        return present.decoder;
    }

    private BearerTokens.Grant remember(Jwt token, String digest) {
        Instant expires = token.getExpiresAt();
        if (expires == null) {
            throw new BadJwtException("without an expiry");
        }
        BearerTokens.Grant grant = grants.of(token, expires.plus(clockSkew));
        right.put(digest, grant);
        away.set(false);
        return grant;
    }

    private RuntimeException told(Throwable error, String digest) {
        if (error instanceof BadJwtException || error.getCause() instanceof JOSEException) {
            wrong.put(digest, Boolean.TRUE);
            log.debug("Refused: {}", error.getMessage());
            return new BadCredentialsException("wrong token", error);
        }
        if (error instanceof IssuerUnavailable full) {
            return full;
        }
        if (away.compareAndSet(false, true)) {
            log.warn("Tokens cannot be checked, since their issuer's keys cannot be had: {}", error.toString());
        }
        return new IssuerUnavailable("its keys cannot be had");
    }
}

package dev.perigee.web;

import io.netty.channel.Channel;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.SslInfo;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Takes the bearer token out of a request, or, if it has none, the certificate its client has shown, and finds what it stands
 * for: a token that is configured, one of an issuer, or an edge. Thread-safe, never blocks.
 */
public final class BearerAuthentication {

    private static final String PREFIX = "Bearer ";

    private final BearerTokens tokens;
    private final @Nullable JwtTokens issued;
    private final EdgeCertificates certificates;
    private final GuessLimit guesses;
    private final Strangers strangers;
    private final InstantSource clock;

    /** Where a token came from. */
    private record Caller(String address, ServerHttpRequest request) {}

    BearerAuthentication(
            BearerTokens tokens,
            @Nullable JwtTokens issued,
            EdgeCertificates certificates,
            GuessLimit guesses,
            Strangers strangers,
            InstantSource clock) {
        this.tokens = tokens;
        this.issued = issued;
        this.certificates = certificates;
        this.guesses = guesses;
        this.strangers = strangers;
        this.clock = clock;
    }

    /** The token as it was presented, or the grant of a certificate; null if there is neither. */
    @Nullable
    Authentication presented(ServerWebExchange exchange) {
        ServerHttpRequest request = exchange.getRequest();
        String header = request.getHeaders().getFirst(HttpHeaders.AUTHORIZATION);
        // Who shows a token is judged by that alone.
        Object credentials = header == null ? certified(request.getSslInfo()) : token(header);
        if (credentials == null) {
            return null;
        }
        UsernamePasswordAuthenticationToken presented =
                UsernamePasswordAuthenticationToken.unauthenticated("bearer", credentials);
        presented.setDetails(new Caller(GuessLimit.address(request.getRemoteAddress()), request));
        return presented;
    }

    private static @Nullable String token(String header) {
        return header.regionMatches(true, 0, PREFIX, 0, PREFIX.length())
                ? header.substring(PREFIX.length()).strip()
                : null;
    }

    private BearerTokens.@Nullable Grant certified(@Nullable SslInfo tls) {
        X509Certificate[] chain = tls == null ? null : tls.getPeerCertificates();
        return chain == null || chain.length == 0 ? null : certificates.find(chain[0]);
    }

    /**
     * What was presented stands for.
     *
     * @return fails with {@link BadCredentialsException} if it is wrong, {@link TooManyAttempts} if it was not looked at, and
     *     {@link IssuerUnavailable} if it could not be
     */
    Mono<Authentication> verify(Authentication presented) {
        if (!(presented.getDetails() instanceof Caller caller)) {
            return Mono.error(new BadCredentialsException("not a bearer token"));
        }
        if (presented.getCredentials() instanceof BearerTokens.Grant certified) {
            // TLS has looked when the connection was made; that may be long ago.
            return certified.expiredAt(clock.instant())
                    ? Mono.error(new BadCredentialsException("the certificate has expired"))
                    : Mono.just(letIn(certified, caller));
        }
        String token = String.valueOf(presented.getCredentials());
        String digest = BearerTokens.digest(token);
        Duration wait = guesses.refuses(caller.address, digest);
        if (wait != null) {
            return Mono.error(new TooManyAttempts(wait));
        }
        // Those too long for a digest of their own all have the same.
        JwtTokens jwts = digest.isEmpty() || !JwtTokens.isJwt(token) ? null : issued;
        BearerTokens.Grant known = tokens.find(digest);
        if (known == null && jwts != null) {
            known = jwts.known(digest);
        }
        if (known != null) {
            guesses.succeeded(caller.address, digest);
            return Mono.just(letIn(known, caller));
        }
        if (jwts == null) {
            guesses.failed(caller.address, digest);
            return Mono.error(new BadCredentialsException("unknown bearer token"));
        }
        // Back to where the request came from: much of what follows belongs to its event loop.
        return jwts.verify(token, digest)
                .publishOn(eventLoop(caller.request))
                .doOnError(BadCredentialsException.class, wrong -> guesses.failed(caller.address, digest))
                .map(grant -> {
                    guesses.succeeded(caller.address, digest);
                    return letIn(grant, caller);
                });
    }

    private static Scheduler eventLoop(ServerHttpRequest request) {
        AtomicReference<Scheduler> found = new AtomicReference<>(Schedulers.immediate());
        Strangers.onChannel(request, channel -> found.set(Schedulers.fromExecutor(channel.eventLoop())));
        return found.get();
    }

    private Authentication letIn(BearerTokens.Grant grant, Caller caller) {
        Strangers.onChannel(caller.request, channel -> {
            strangers.known(channel);
            Channel connection = channel.parent();
            // A stream of HTTP/2 is a channel of its own within the connection's.
            if (connection != null) {
                strangers.known(connection);
            }
            ShortCut.letIn(channel, grant.expires());
        });
        List<SimpleGrantedAuthority> authorities = grant.roles().stream()
                .map(role -> new SimpleGrantedAuthority("ROLE_" + role.name()))
                .toList();
        return UsernamePasswordAuthenticationToken.authenticated(grant, null, authorities);
    }
}

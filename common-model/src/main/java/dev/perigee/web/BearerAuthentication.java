package dev.perigee.web;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.web.server.ServerWebExchange;

/** Takes the bearer token out of a request, and finds what it stands for. Thread-safe. */
public final class BearerAuthentication {

    private static final String PREFIX = "Bearer ";

    private final BearerTokens tokens;
    private final GuessLimit guesses;
    private final Strangers strangers;

    /** Where a token came from. */
    private record Caller(String address, ServerHttpRequest request) {}

    BearerAuthentication(BearerTokens tokens, GuessLimit guesses, Strangers strangers) {
        this.tokens = tokens;
        this.guesses = guesses;
        this.strangers = strangers;
    }

    /** The token as it was presented, or null if there is none. */
    @Nullable
    Authentication presented(ServerWebExchange exchange) {
        ServerHttpRequest request = exchange.getRequest();
        String header = request.getHeaders().getFirst(HttpHeaders.AUTHORIZATION);
        if (header == null || !header.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
            return null;
        }
        UsernamePasswordAuthenticationToken presented = UsernamePasswordAuthenticationToken.unauthenticated(
                "bearer", header.substring(PREFIX.length()).strip());
        presented.setDetails(new Caller(GuessLimit.address(request.getRemoteAddress()), request));
        return presented;
    }

    /**
     * What a token stands for.
     *
     * @throws BadCredentialsException if it is wrong
     * @throws TooManyAttempts if it was not looked at
     */
    Authentication verify(Authentication presented) {
        if (!(presented.getDetails() instanceof Caller caller)) {
            throw new BadCredentialsException("not a bearer token");
        }
        String digest = BearerTokens.digest(String.valueOf(presented.getCredentials()));
        Duration wait = guesses.refuses(caller.address, digest);
        if (wait != null) {
            throw new TooManyAttempts(wait);
        }
        BearerTokens.Grant grant = tokens.find(digest);
        if (grant == null) {
            guesses.failed(caller.address, digest);
            throw new BadCredentialsException("unknown bearer token");
        }
        guesses.succeeded(caller.address, digest);
        strangers.known(caller.request);
        List<SimpleGrantedAuthority> authorities = grant.roles().stream()
                .map(role -> new SimpleGrantedAuthority("ROLE_" + role.name()))
                .toList();
        return UsernamePasswordAuthenticationToken.authenticated(grant, null, authorities);
    }
}

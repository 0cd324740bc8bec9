package dev.perigee.web;

import dev.perigee.model.ProblemCode;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.ReactiveAuthenticationManager;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.config.web.server.SecurityWebFiltersOrder;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity.AuthorizeExchangeSpec;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.ServerAuthenticationEntryPoint;
import org.springframework.security.web.server.authentication.AuthenticationWebFilter;
import org.springframework.security.web.server.authentication.ServerAuthenticationEntryPointFailureHandler;
import org.springframework.security.web.server.context.NoOpServerSecurityContextRepository;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/**
 * The security chain of both services: bearer tokens (RFC 6750), no sessions, no cookies, errors as problem details.
 */
public final class BearerSecurity {

    private static final String PREFIX = "Bearer ";

    private BearerSecurity() {}

    /**
     * Builds the chain.
     *
     * @param rules which role may do what; what no rule names is refused
     */
    public static SecurityWebFilterChain chain(
            ServerHttpSecurity http, BearerTokens tokens, Consumer<AuthorizeExchangeSpec> rules) {
        return http.csrf(ServerHttpSecurity.CsrfSpec::disable)
                .httpBasic(ServerHttpSecurity.HttpBasicSpec::disable)
                .formLogin(ServerHttpSecurity.FormLoginSpec::disable)
                .logout(ServerHttpSecurity.LogoutSpec::disable)
                .requestCache(ServerHttpSecurity.RequestCacheSpec::disable)
                // Cache-Control means something here: home tells edges with it what they may keep, and for how long.
                .headers(headers -> headers.cache(ServerHttpSecurity.HeaderSpec.CacheSpec::disable))
                .securityContextRepository(NoOpServerSecurityContextRepository.getInstance())
                .addFilterAt(authentication(tokens), SecurityWebFiltersOrder.AUTHENTICATION)
                .authorizeExchange(exchanges -> {
                    rules.accept(exchanges);
                    exchanges.anyExchange().denyAll();
                })
                .exceptionHandling(errors -> errors.authenticationEntryPoint(unauthorized())
                        .accessDeniedHandler((exchange, denied) -> ProblemHandler.write(
                                exchange.getResponse(),
                                ProblemException.problemDetail(
                                        ProblemCode.FORBIDDEN, "The token has none of the roles required."))))
                .build();
    }

    /** The token's grant, of an authenticated request. */
    public static BearerTokens.Grant grant(Authentication authentication) {
        if (authentication.getPrincipal() instanceof BearerTokens.Grant grant) {
            return grant;
        }
        throw new IllegalStateException("not authenticated by a bearer token");
    }

    private static AuthenticationWebFilter authentication(BearerTokens tokens) {
        ReactiveAuthenticationManager manager = presented -> Mono.fromSupplier(() -> verify(tokens, presented));
        AuthenticationWebFilter filter = new AuthenticationWebFilter(manager);
        filter.setServerAuthenticationConverter(exchange -> Mono.justOrEmpty(presented(exchange)));
        filter.setAuthenticationFailureHandler(new ServerAuthenticationEntryPointFailureHandler(unauthorized()));
        return filter;
    }

    private static @Nullable Authentication presented(ServerWebExchange exchange) {
        String header = exchange.getRequest().getHeaders().getFirst(HttpHeaders.AUTHORIZATION);
        if (header == null || !header.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
            return null;
        }
        return UsernamePasswordAuthenticationToken.unauthenticated(
                "bearer", header.substring(PREFIX.length()).strip());
    }

    private static Authentication verify(BearerTokens tokens, Authentication presented) {
        BearerTokens.Grant grant = tokens.authenticate(String.valueOf(presented.getCredentials()));
        if (grant == null) {
            throw new BadCredentialsException("unknown bearer token");
        }
        List<SimpleGrantedAuthority> authorities = grant.roles().stream()
                .map(role -> new SimpleGrantedAuthority("ROLE_" + role.name()))
                .toList();
        return UsernamePasswordAuthenticationToken.authenticated(grant, null, authorities);
    }

    private static ServerAuthenticationEntryPoint unauthorized() {
        return (exchange, error) -> {
            exchange.getResponse().getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
            return ProblemHandler.write(
                    exchange.getResponse(),
                    ProblemException.problemDetail(
                            ProblemCode.UNAUTHORIZED, "Send Authorization: Bearer <token> with a known token."));
        };
    }
}

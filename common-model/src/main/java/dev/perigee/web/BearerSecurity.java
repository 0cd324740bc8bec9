package dev.perigee.web;

import dev.perigee.model.ProblemCode;
import java.util.function.Consumer;
import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.ReactiveAuthenticationManager;
import org.springframework.security.config.web.server.SecurityWebFiltersOrder;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity.AuthorizeExchangeSpec;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.ServerAuthenticationEntryPoint;
import org.springframework.security.web.server.authentication.AuthenticationWebFilter;
import org.springframework.security.web.server.authentication.ServerAuthenticationEntryPointFailureHandler;
import org.springframework.security.web.server.context.NoOpServerSecurityContextRepository;
import reactor.core.publisher.Mono;

/**
 * The security chain of both services: bearer tokens (RFC 6750) or certificates of edges, no sessions, no cookies, errors as problem details.
 */
public final class BearerSecurity {

    private BearerSecurity() {}

    /**
     * Builds the chain.
     *
     * @param rules which role may do what; what no rule names is refused
     */
    public static SecurityWebFilterChain chain(
            ServerHttpSecurity http, BearerAuthentication bearer, Consumer<AuthorizeExchangeSpec> rules) {
        return http.csrf(ServerHttpSecurity.CsrfSpec::disable)
                .httpBasic(ServerHttpSecurity.HttpBasicSpec::disable)
                .formLogin(ServerHttpSecurity.FormLoginSpec::disable)
                .logout(ServerHttpSecurity.LogoutSpec::disable)
                .requestCache(ServerHttpSecurity.RequestCacheSpec::disable)
                // Cache-Control means something here: home tells edges with it what they may keep, and for how long.
                .headers(headers -> headers.cache(ServerHttpSecurity.HeaderSpec.CacheSpec::disable))
                .securityContextRepository(NoOpServerSecurityContextRepository.getInstance())
                .addFilterAt(authentication(bearer), SecurityWebFiltersOrder.AUTHENTICATION)
                .authorizeExchange(exchanges -> {
                    rules.accept(exchanges);
                    ApiDocs.rules(exchanges);
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
        throw new IllegalStateException("not authenticated by a bearer token or a certificate");
    }

    private static AuthenticationWebFilter authentication(BearerAuthentication bearer) {
        ReactiveAuthenticationManager manager = bearer::verify;
        AuthenticationWebFilter filter = new AuthenticationWebFilter(manager);
        filter.setServerAuthenticationConverter(exchange -> Mono.justOrEmpty(bearer.presented(exchange)));
        filter.setAuthenticationFailureHandler(new ServerAuthenticationEntryPointFailureHandler(unauthorized()));
        return filter;
    }

    private static ServerAuthenticationEntryPoint unauthorized() {
        return (exchange, error) -> {
            if (error instanceof TooManyAttempts refused) {
                exchange.getResponse()
                        .getHeaders()
                        .set(HttpHeaders.RETRY_AFTER, Long.toString(refused.retryAfterSeconds()));
                return ProblemHandler.write(
                        exchange.getResponse(),
                        ProblemException.problemDetail(
                                ProblemCode.TOO_MANY_ATTEMPTS, "The token was not looked at. Try again later."));
            }
            if (error instanceof IssuerUnavailable) {
                exchange.getResponse().getHeaders().set(HttpHeaders.RETRY_AFTER, "1");
                return ProblemHandler.write(
                        exchange.getResponse(),
                        ProblemException.problemDetail(
                                ProblemCode.ISSUER_UNAVAILABLE, "The token could not be checked. Try again later."));
            }
            exchange.getResponse().getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
            return ProblemHandler.write(
                    exchange.getResponse(),
                    ProblemException.problemDetail(
                            ProblemCode.UNAUTHORIZED, "Send Authorization: Bearer <token> with a known token."));
        };
    }
}

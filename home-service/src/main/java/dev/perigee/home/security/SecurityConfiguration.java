package dev.perigee.home.security;

import dev.perigee.web.BearerAuthentication;
import dev.perigee.web.BearerSecurity;
import dev.perigee.web.Role;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity.AuthorizeExchangeSpec;
import org.springframework.security.web.server.SecurityWebFilterChain;

/** Which role may do what at home. What stands here for no method holds for all, so that a wrong one is a 405. */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

    @Bean
    SecurityWebFilterChain homeSecurity(ServerHttpSecurity http, BearerAuthentication bearer) {
        return BearerSecurity.chain(http, bearer, SecurityConfiguration::rules);
    }

    private static void rules(AuthorizeExchangeSpec exchanges) {
        exchanges
                .pathMatchers(HttpMethod.GET, "/actuator/health", "/actuator/health/**")
                .permitAll()
                // The console's own files, which hold nothing; what it shows it asks for with a token.
                .pathMatchers(HttpMethod.GET, "/", "/console/*")
                .permitAll()
                .pathMatchers(HttpMethod.HEAD, "/", "/console/*")
                .permitAll()
                .pathMatchers(HttpMethod.POST, "/api/edge/{id}/report")
                .hasRole(Role.EDGE.name())
                .pathMatchers("/actuator/prometheus")
                .hasAnyRole(Role.METRICS.name(), Role.ADMIN.name())
                .pathMatchers("/actuator/info", "/actuator/sbom", "/actuator/sbom/**")
                .hasRole(Role.ADMIN.name())
                .pathMatchers(
                        "/api/edge/register",
                        "/api/edge/subscribe",
                        "/api/edge/tunnel",
                        "/api/edge/{id}/ack",
                        "/api/statements")
                .hasRole(Role.EDGE.name())
                .pathMatchers("/api/query", "/api/transaction")
                .hasAnyRole(Role.CLIENT.name(), Role.EDGE.name())
                .pathMatchers("/api/edge/eligible")
                .hasAnyRole(Role.ADMIN.name(), Role.CLIENT.name())
                .pathMatchers(
                        "/api/edge",
                        "/api/edge/{id}",
                        "/api/edge/{id}/cache",
                        "/api/edge/{id}/report",
                        "/api/edge/{id}/stats",
                        "/api/console/*",
                        "/api/home",
                        "/api/tables")
                .hasRole(Role.ADMIN.name());
    }
}

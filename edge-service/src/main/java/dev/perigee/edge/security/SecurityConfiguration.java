package dev.perigee.edge.security;

import dev.perigee.web.BearerAuthentication;
import dev.perigee.web.BearerSecurity;
import dev.perigee.web.Role;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;

/** Which role may do what at an edge. What is not named here is refused. */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

    @Bean
    SecurityWebFilterChain security(ServerHttpSecurity http, BearerAuthentication bearer) {
        return BearerSecurity.chain(
                http,
                bearer,
                rules -> rules.pathMatchers(HttpMethod.GET, "/actuator/health", "/actuator/health/**")
                        .permitAll()
                        .pathMatchers("/actuator/prometheus")
                        .hasAnyRole(Role.METRICS.name(), Role.ADMIN.name())
                        .pathMatchers(
                                "/actuator/info", "/actuator/sbom", "/actuator/sbom/**", "/api/cache", "/api/cache/**")
                        .hasRole(Role.ADMIN.name())
                        .pathMatchers("/api/query", "/api/transaction")
                        .hasRole(Role.CLIENT.name()));
    }
}

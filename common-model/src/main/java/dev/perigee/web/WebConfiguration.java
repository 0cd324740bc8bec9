package dev.perigee.web;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import tools.jackson.databind.json.JsonMapper;

/** What both services need of the web: imported by each. */
@Configuration(proxyBeanMethods = false)
@EnableWebFluxSecurity
@EnableConfigurationProperties(TokenProperties.class)
public class WebConfiguration {

    private static final Logger log = LoggerFactory.getLogger(WebConfiguration.class);

    @Bean
    JsonMapper jsonMapper() {
        return WireJson.mapper();
    }

    @Bean
    ProblemHandler problemHandler() {
        return new ProblemHandler();
    }

    @Bean
    BearerTokens bearerTokens(TokenProperties properties) {
        List<TokenProperties.Token> tokens = properties.tokens();
        if (tokens != null && !tokens.isEmpty()) {
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

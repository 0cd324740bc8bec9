package dev.perigee.web;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.model.ProblemCode;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.web.server.firewall.ServerExchangeRejectedHandler;
import tools.jackson.databind.json.JsonMapper;

/** What both services need of the web: imported by each. */
@Configuration(proxyBeanMethods = false)
@EnableWebFluxSecurity
@Import({ApiDocs.class, TracingConfiguration.class})
@EnableConfigurationProperties({TokenProperties.class, GuessProperties.class, ConnectionProperties.class})
public class WebConfiguration {

    private static final Logger log = LoggerFactory.getLogger(WebConfiguration.class);

    @Bean
    JsonMapper jsonMapper() {
        return WireJson.mapper();
    }

    /** Observing each filter of the security chain costs more than the chain, and as much memory as the rest of a stream. */
    @Bean
    static SecurityObservationSettings securityObservations() {
        return SecurityObservationSettings.noObservations();
    }

    @Bean
    Spans spans(Environment environment, ObjectProvider<ObservationRegistry> registry) {
        return TracingSwitch.isOn(environment) ? new Spans(registry.getObject()) : Spans.NONE;
    }

    @Bean
    ProblemHandler problemHandler() {
        return new ProblemHandler();
    }

    /** What the firewall does not let in never reaches the problem handler. */
    @Bean
    ServerExchangeRejectedHandler rejectedHandler() {
        return (exchange, rejected) -> ProblemHandler.write(
                exchange.getResponse(),
                ProblemException.problemDetail(
                        ProblemCode.INVALID_REQUEST, "The path or a header holds characters that are not allowed."));
    }

    @Bean
    Strangers strangers(ConnectionProperties properties) {
        return new Strangers(properties.maxStrangers());
    }

    @Bean
    ConnectionLimits connectionLimits(ConnectionProperties properties, Strangers strangers) {
        return new ConnectionLimits(properties, strangers);
    }

    @Bean
    BearerAuthentication bearerAuthentication(BearerTokens tokens, GuessProperties guesses, Strangers strangers) {
        return new BearerAuthentication(tokens, new GuessLimit(guesses, Ticker.systemTicker()), strangers);
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

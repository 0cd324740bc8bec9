package dev.perigee.web;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How often somebody may try a bearer token that is not known.
 *
 * @param allowed different wrong tokens in a row that an address (IPv6: a /64) may present; then 429
 *     too-many-attempts with Retry-After
 * @param refill after how long it may present another one
 */
@ConfigurationProperties("perigee.security.guesses")
public record GuessProperties(
        @DefaultValue("20") int allowed,
        @DefaultValue("200ms") Duration refill) {

    public GuessProperties {
        check(allowed >= 1 && allowed <= 1_000_000, "allowed must be 1 to 1000000");
        check(
                refill.toMillis() >= 1 && refill.compareTo(Duration.ofMinutes(1)) <= 0,
                "refill must be 1 ms to 1 minute");
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("perigee.security.guesses." + otherwise);
        }
    }
}

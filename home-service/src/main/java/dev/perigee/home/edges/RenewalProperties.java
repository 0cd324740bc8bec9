package dev.perigee.home.edges;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How homes keep each other informed.
 *
 * @param renewal how often a home tells the others that it lives and what it holds, at least 100 ms; in any case four
 *     times in a liveness window
 * @param timeout for the statements behind registrations, listings, evictions and eligibility; past it 503
 */
@ConfigurationProperties("perigee.home.fleet")
record RenewalProperties(
        @DefaultValue("2s") Duration renewal,
        @DefaultValue("3s") Duration timeout) {

    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final int PER_LIVENESS = 4;

    RenewalProperties {
        if (renewal.compareTo(SHORTEST) < 0 || timeout.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException("perigee.home.fleet.renewal and .timeout must be at least 100ms");
        }
    }

    /** How often, if edges that are silent for so long are taken for dead. */
    Duration within(Duration liveness) {
        Duration longest = liveness.dividedBy(PER_LIVENESS);
        return renewal.compareTo(longest) < 0 ? renewal : longest;
    }
}

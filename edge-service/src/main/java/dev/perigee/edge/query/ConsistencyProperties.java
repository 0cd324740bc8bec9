package dev.perigee.edge.query;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How many hits are compared with home.
 *
 * @param sampleRate the share of hits, 0 to 1, that are compared with home, off their own path; 0 for none
 * @param maxPerSecond no more comparisons than that begin in a second; each is one statement at home, or two if the
 *     first differs
 * @param maxInFlight no more comparisons than that at once, each holding two results
 */
@ConfigurationProperties("perigee.edge.consistency")
record ConsistencyProperties(
        @DefaultValue("0.001") double sampleRate,
        @DefaultValue("1") double maxPerSecond,
        @DefaultValue("4") int maxInFlight) {

    ConsistencyProperties {
        check(sampleRate >= 0 && sampleRate <= 1, "sample-rate must be 0 to 1");
        check(maxPerSecond > 0 && maxPerSecond <= 1000, "max-per-second must be more than 0 and at most 1000");
        check(maxInFlight >= 1 && maxInFlight <= 100, "max-in-flight must be 1 to 100");
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("perigee.edge.consistency." + otherwise);
        }
    }
}

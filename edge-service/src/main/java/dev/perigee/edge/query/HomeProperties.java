package dev.perigee.edge.query;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How statements are sent to home.
 *
 * @param timeout for a whole answer of home; more than its statement timeout
 * @param maxConnections connections to each home
 * @param maxAnswer the largest answer of home that is accepted; larger than home's own limit on results
 */
@ConfigurationProperties("perigee.edge.home")
record HomeProperties(
        @DefaultValue("35s") Duration timeout,
        @DefaultValue("100") int maxConnections,
        @DefaultValue("16MB") DataSize maxAnswer) {

    HomeProperties {
        check(timeout.toMillis() > 0, "perigee.edge.home.timeout must be more than 0");
        check(maxConnections >= 1 && maxConnections <= 10_000, "perigee.edge.home.max-connections must be 1 to 10000");
        check(
                maxAnswer.toBytes() >= 1 && maxAnswer.toBytes() <= Integer.MAX_VALUE / 2,
                "perigee.edge.home.max-answer must be 1 byte to 1 GB");
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}

package dev.perigee.home.tunnel;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Tunnels from edges to the database.
 *
 * @param enabled whether any are opened
 * @param maxConnections the most that are open at once
 * @param maxConnectionsPerToken the most of them that one token has opened
 * @param pingInterval how often an idle tunnel is pinged; one that is silent for three times as long is closed
 */
@ConfigurationProperties("perigee.home.tunnel")
record TunnelProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("1000") int maxConnections,
        @DefaultValue("500") int maxConnectionsPerToken,
        @DefaultValue("20s") Duration pingInterval) {

    TunnelProperties {
        check(maxConnections >= 1 && maxConnections <= 1_000_000, "max-connections must be 1 to 1000000");
        check(
                maxConnectionsPerToken >= 1 && maxConnectionsPerToken <= 1_000_000,
                "max-connections-per-token must be 1 to 1000000");
        check(
                pingInterval.toMillis() >= 10 && pingInterval.compareTo(Duration.ofHours(1)) <= 0,
                "ping-interval must be 10 ms to 1 hour");
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("perigee.home.tunnel." + otherwise);
        }
    }
}

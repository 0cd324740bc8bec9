package dev.perigee.home.tunnel;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Tunnels from edges to the database.
 *
 * @param enabled whether edges may open PostgreSQL sessions through home (GET /api/edge/tunnel)
 * @param maxConnections tunnels open at once, one a session; more: 503 tunnels-exhausted. PostgreSQL's
 *     max_connections usually comes first
 * @param maxConnectionsPerToken tunnels of one token that are open at once
 * @param pingInterval an idle tunnel is pinged so often; one that has not answered three of them is closed, and its
 *     session with it
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

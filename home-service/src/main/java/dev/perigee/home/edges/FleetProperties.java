package dev.perigee.home.edges;

import dev.perigee.model.EdgeConfig;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How large the fleet may be.
 *
 * @param maxEdges the most edges a home accepts, 1 to 100 000; more: 503 capacity-exceeded
 */
@ConfigurationProperties("perigee")
record FleetProperties(
        @DefaultValue("" + EdgeConfig.DEFAULT_MAX_EDGES) int maxEdges) {

    FleetProperties {
        new EdgeConfig(EdgeConfig.Role.HOME, null, null, null, null, maxEdges);
    }
}

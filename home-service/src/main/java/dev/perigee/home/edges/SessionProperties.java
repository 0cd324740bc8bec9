package dev.perigee.home.edges;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How home deals with the edges' sessions.
 *
 * @param window frames an edge may leave unacknowledged before home waits for it, 2 to 65 536
 * @param liveness an edge that has not acknowledged for so long, at least 1 s, is pruned; a home that is not heard of
 *     for so long is listed no more, nor are its edges
 * @param autoEnable whether an edge that registers, and of which no operator has said anything, may cache
 */
@ConfigurationProperties("perigee.home.edges")
record SessionProperties(
        @DefaultValue("512") int window,
        @DefaultValue("10s") Duration liveness,
        @DefaultValue("true") boolean autoEnable) {

    private static final int LARGEST_WINDOW = 65_536;
    private static final Duration SHORTEST_LIVENESS = Duration.ofSeconds(1);

    SessionProperties {
        if (window < 2 || window > LARGEST_WINDOW) {
            throw new IllegalArgumentException("window must be 2 to " + LARGEST_WINDOW);
        }
        if (liveness.compareTo(SHORTEST_LIVENESS) < 0) {
            throw new IllegalArgumentException("liveness must be at least 1 s");
        }
    }
}

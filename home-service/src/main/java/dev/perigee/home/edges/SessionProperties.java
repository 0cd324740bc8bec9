package dev.perigee.home.edges;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How home deals with the edges' sessions.
 *
 * @param window how many frames an edge may leave unacknowledged before home waits for it, 2 to 65 536
 * @param liveness after how long without an acknowledgement an edge is sent away, at least 1 s
 * @param autoEnable whether an edge that no operator has said anything about may cache
 */
@ConfigurationProperties("perigee.home.edges")
record SessionProperties(
        @DefaultValue("64") int window,
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

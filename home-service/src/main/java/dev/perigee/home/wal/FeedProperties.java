package dev.perigee.home.wal;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How home reads the WAL.
 *
 * @param heartbeat how often home writes a heartbeat into the WAL and so proves the feed
 * @param silence after how long without anything from the server the feed is taken for dead and connected anew; at least
 *     two heartbeats
 * @param invalidateTimeout how long a manual invalidation may take to come back through the WAL
 */
@ConfigurationProperties("perigee.home.feed")
public record FeedProperties(
        @DefaultValue("1s") Duration heartbeat,
        @DefaultValue("5s") Duration silence,
        @DefaultValue("5s") Duration invalidateTimeout) {

    private static final Duration SHORTEST = Duration.ofMillis(10);

    public FeedProperties {
        if (heartbeat.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException("perigee.home.feed.heartbeat must be at least 10ms");
        }
        if (silence.compareTo(heartbeat.multipliedBy(2)) < 0) {
            throw new IllegalArgumentException("perigee.home.feed.silence must be at least two heartbeats");
        }
        if (invalidateTimeout.isZero() || invalidateTimeout.isNegative()) {
            throw new IllegalArgumentException("perigee.home.feed.invalidate-timeout must be more than 0");
        }
    }
}

package dev.perigee.home.wal;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How home reads the WAL.
 *
 * @param heartbeat how often the feed is proved by a heartbeat in the WAL; the staleness of an idle fleet goes with
 *     it
 * @param silence a feed that has not moved for so long, at least two heartbeats, is torn down; also how often home
 *     looks at its slot, and whether the address still leads to the same server
 * @param invalidateTimeout how long a manual invalidation may take to come back from the WAL
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

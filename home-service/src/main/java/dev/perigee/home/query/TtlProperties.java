package dev.perigee.home.query;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How long edges may keep results, beside their invalidation.
 *
 * @param tables the longest time that edges may keep results of a table, by its qualified name: "[public.users]":
 *     10s; of the tables a result reads, the least counts
 */
@ConfigurationProperties("perigee.home.ttl")
record TtlProperties(@DefaultValue Map<String, Duration> tables) {

    TtlProperties {
        tables = Map.copyOf(tables);
        tables.forEach((table, ttl) -> {
            if (ttl.isNegative()) {
                throw new IllegalArgumentException("perigee.home.ttl.tables: the time of " + table + " is negative");
            }
        });
    }

    /** The least of the times of these tables, or null if none has one. */
    @Nullable
    Duration least(Set<String> names) {
        Duration least = null;
        for (String name : names) {
            Duration ttl = tables.get(name);
            if (ttl != null && (least == null || ttl.compareTo(least) < 0)) {
                least = ttl;
            }
        }
        return least;
    }
}

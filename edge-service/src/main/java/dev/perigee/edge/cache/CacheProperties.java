package dev.perigee.edge.cache;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The size of the cache.
 *
 * @param maxBytes the most memory results may take, keys included; an operator's ram_mib for this edge takes its
 *     place, without a restart
 */
@ConfigurationProperties("perigee.edge.cache")
record CacheProperties(@DefaultValue("256MB") DataSize maxBytes) {

    CacheProperties {
        if (maxBytes.toBytes() < 1) {
            throw new IllegalArgumentException("perigee.edge.cache.max-bytes must be at least 1 byte");
        }
    }
}

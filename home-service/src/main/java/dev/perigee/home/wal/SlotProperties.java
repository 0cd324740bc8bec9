package dev.perigee.home.wal;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The replication slot home reads from.
 *
 * @param durable whether it outlives home's connection and home itself; needs a {@code perigee.home.id}
 * @param retain how long a durable slot keeps WAL that home has already applied, so that home, started again, still
 *     knows what its edges have not heard
 * @param abandonedAfter how long another home's durable slot may be read by nobody before it is reported
 * @param dropAbandoned whether such a slot is dropped as well
 */
@ConfigurationProperties("perigee.home.slot")
public record SlotProperties(
        @DefaultValue("false") boolean durable,
        @DefaultValue("30s") Duration retain,
        @DefaultValue("1h") Duration abandonedAfter,
        @DefaultValue("false") boolean dropAbandoned) {

    public SlotProperties {
        if (retain.isNegative()) {
            throw new IllegalArgumentException("perigee.home.slot.retain must not be negative");
        }
        if (abandonedAfter.isZero() || abandonedAfter.isNegative()) {
            throw new IllegalArgumentException("perigee.home.slot.abandoned-after must be more than 0");
        }
    }
}

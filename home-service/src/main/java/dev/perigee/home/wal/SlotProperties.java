package dev.perigee.home.wal;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The replication slot home reads from.
 *
 * @param durable whether the slot, perigee_<home id>, outlives home: edges resume without a flush when home is
 *     restarted. Needs a perigee.home.id; keeps WAL while home is away
 * @param retain how long a durable slot keeps WAL that home has applied already: how far behind an edge may be and
 *     still resume at a restarted home
 * @param abandonedAfter a durable slot of another home that nobody has read from for so long is reported
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

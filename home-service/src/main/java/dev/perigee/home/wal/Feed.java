package dev.perigee.home.wal;

import dev.perigee.model.SlotState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The stream of committed changes, seen from the rest of home. Thread-safe. */
public interface Feed {

    /** Whether changes are arriving now. */
    boolean connected();

    /** How often home proves the feed with a WAL heartbeat. */
    Duration heartbeat();

    /** How long ago home sent the WAL heartbeat that it last read back; very long before the first. */
    Duration age();

    /** When home sent the WAL heartbeat that it last read back, by its own clock; the epoch before the first. */
    Instant asOf();

    /** The replication slot it reads from, as last looked at; null while there is none. */
    default @Nullable SlotState slot() {
        return null;
    }

    /**
     * A connection of somebody else's, to the address that the feed was given too, has reached a server of this epoch.
     * If that has taken the place of the server the feed reads from, the feed follows.
     */
    default void reached(Epoch epoch) {}

    /**
     * Writes a manual invalidation into the WAL, so that it is ordered with the commits and reaches every home.
     *
     * @param tables qualified names; empty for every table
     * @return its version, once this home's log has it; {@code feed-unavailable} if that does not come to pass in time
     */
    Mono<Long> invalidate(List<String> tables);
}

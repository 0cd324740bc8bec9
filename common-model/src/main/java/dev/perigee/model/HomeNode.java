package dev.perigee.model;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One home, as it last described itself in the database.
 *
 * @param homeId its name
 * @param startedAt when it started, by its own clock
 * @param lastSeen when it last wrote to the database, by the database's clock
 * @param feedConnected whether changes were arriving
 * @param epoch of its log; null before the feed was first connected
 * @param version the head of its log; null before the feed was first connected
 * @param visibleVersion up to where everything is visible; null while that is not known
 * @param feedAgeMs how long ago it sent the WAL heartbeat that it last read back, milliseconds; null if none ever was
 * @param slot where it reads from; null while it has none
 * @param edges how many edges it holds
 */
public record HomeNode(
        String homeId,
        Instant startedAt,
        Instant lastSeen,
        boolean feedConnected,
        @Nullable String epoch,
        @Nullable Long version,
        @Nullable Long visibleVersion,
        @Nullable Long feedAgeMs,
        @Nullable SlotState slot,
        int edges) {}

package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * What an edge reports of itself with every acknowledgement. Counters since it started.
 *
 * @param hits answers from memory
 * @param misses cacheable reads forwarded to home
 * @param bypasses statements forwarded without looking, whatever the reason
 * @param entries results in the cache now
 * @param bytes their weight in bytes
 * @param maxBytes the bound of that weight now; null if not known
 * @param stalenessMs how far behind the commits the edge may have been at the most when it said this, milliseconds; null
 *     if it did not know
 */
public record EdgeStats(
        long hits,
        long misses,
        long bypasses,
        long entries,
        long bytes,
        @Nullable Long maxBytes,
        @Nullable Long stalenessMs) {

    /** Of an edge that has reported nothing yet. */
    public static final EdgeStats NONE = new EdgeStats(0, 0, 0, 0, 0, null, null);

    public EdgeStats {
        Validation.check(
                hits >= 0
                        && misses >= 0
                        && bypasses >= 0
                        && entries >= 0
                        && bytes >= 0
                        && (maxBytes == null || maxBytes >= 0)
                        && (stalenessMs == null || stalenessMs >= 0),
                "statistics are not negative");
    }
}

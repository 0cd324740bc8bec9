package dev.perigee.edge.query;

import dev.perigee.edge.cache.Watermarks.Mark;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.Eligibility;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code GET /api/cache} says.
 *
 * @param stats how reads were answered, and what the cache holds
 * @param refused results not admitted, because stale or purged before they arrived
 * @param swept dead results removed in the background
 * @param statements statements known to be reads that may be kept
 * @param watermarks the fence
 * @param link where the edge stands with home
 * @param consistency what comparing hits with home has shown
 */
record CacheReport(
        EdgeStats stats,
        long refused,
        long swept,
        long statements,
        Fence watermarks,
        Link link,
        Consistency consistency) {

    /**
     * What comparing hits with home has shown since the start.
     *
     * @param checked hits that could be compared
     * @param violations those of them that were not what home says at the same version
     * @param inconclusive hits that could not be compared, by reason
     * @param nines how much of the hits is shown to be right, with 95 % confidence
     * @param shown the same in words
     */
    record Consistency(long checked, long violations, Map<String, Long> inconclusive, double nines, String shown) {}

    /**
     * The fence.
     *
     * @param epoch of the versions; null while the fence is closed
     * @param allTables what every result must be above; null while the fence is closed
     * @param tables how many tables have a watermark of their own
     * @param latest those that changed last
     */
    record Fence(@Nullable String epoch, @Nullable Long allTables, int tables, List<Mark> latest) {}

    /**
     * Where the edge stands with home.
     *
     * @param status of the stream
     * @param homeUrl of the home that has the stream, or was asked for it last
     * @param homeId the home that has it; null without a stream
     * @param generation of the session
     * @param cursor the last frame applied
     * @param completeTo every change at or below it has been applied
     * @param stalenessMs how far behind the commits the edge may be at the most; null if not known
     * @param eligibility what an operator lets this edge do
     * @param lastError why there is no stream
     */
    record Link(
            String status,
            String homeUrl,
            @Nullable String homeId,
            long generation,
            @Nullable String cursor,
            @Nullable String completeTo,
            @Nullable Long stalenessMs,
            Eligibility eligibility,
            @Nullable String lastError) {}

    /**
     * One result.
     *
     * @param sql the statement, cut at 1000 characters
     * @param params how many parameters it has
     * @param version everything at or below it is in the result
     * @param current false if it is dead and only not swept yet
     */
    record Entry(
            String sql,
            int params,
            List<String> tables,
            String version,
            long ageMs,
            long ttlLeftMs,
            long bytes,
            long hits,
            boolean current) {}
}

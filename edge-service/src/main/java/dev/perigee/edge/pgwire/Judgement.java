package dev.perigee.edge.pgwire;

import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What home has said of a statement. A statement whose result may be kept is also proven to change nothing.
 *
 * @param reason why its result may not be kept; null if it may
 * @param tables qualified names of what it reads
 * @param madeAt it contains every change of the catalog at or below this
 * @param ttl how long home lets the result be kept; null if it leaves that to the edge
 * @param learnedAt monotonic, nanoseconds
 */
record Judgement(
        @Nullable String reason,
        List<String> tables,
        StreamPosition madeAt,
        @Nullable Duration ttl,
        long learnedAt) {

    /** Where the DDL trigger may not be installed, nothing else would ever correct one. */
    private static final long LONGEST_LIFE = Duration.ofMinutes(1).toNanos();

    boolean isCacheable() {
        return reason == null;
    }

    boolean isOlderThanAllowed(long now) {
        return now - learnedAt > LONGEST_LIFE;
    }
}

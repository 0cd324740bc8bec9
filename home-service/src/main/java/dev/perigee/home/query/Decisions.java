package dev.perigee.home.query;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Decisions about statements, remembered by their exact text.
 *
 * <p>A decision is a fact about the catalog, so it lives by the same fence as a result: it is stamped with what was
 * visible before it was made, and a record of the log that concerns every table (DDL is one) at a later position ends
 * it. Read the stamp of a result first, then ask here: if a change of the catalog is at or below that stamp, it has
 * been decoded, the log has it, and no decision from before it is given out.
 *
 * <p>Thread-safe.
 */
final class Decisions {

    private record Stamped(Decision decision, StreamPosition visible) {}

    private static final int LEAST_WEIGHT = 256;

    private static final Duration LONGEST_LIFE = Duration.ofMinutes(1);

    private final InvalidationLog log;
    private final Cache<String, Stamped> bySql;

    /**
     * Remembers decisions as long as their texts fit together.
     *
     * @param capacity in characters of SQL; each decision counts at least {@value #LEAST_WEIGHT}
     */
    Decisions(InvalidationLog log, long capacity) {
        this.log = log;
        this.bySql = Caffeine.newBuilder()
                .maximumWeight(capacity)
                .weigher((String sql, Stamped stamped) -> LEAST_WEIGHT + sql.length())
                // Where the DDL trigger may not be installed, nothing else would ever correct one.
                .expireAfterWrite(LONGEST_LIFE)
                .build();
    }

    /** What is known of a statement, or null. */
    @Nullable
    Decision find(String sql) {
        Stamped stamped = bySql.getIfPresent(sql);
        if (stamped == null) {
            return null;
        }
        if (isCurrent(stamped.visible)) {
            return stamped.decision;
        }
        bySql.asMap().remove(sql, stamped);
        return null;
    }

    /**
     * Remembers a decision.
     *
     * @param visible what was visible before the analysis began
     */
    void remember(String sql, Decision decision, StreamPosition visible) {
        bySql.put(sql, new Stamped(decision, visible));
    }

    /** How many are remembered, roughly. */
    long size() {
        return bySql.estimatedSize();
    }

    private boolean isCurrent(StreamPosition visible) {
        EpochLog current = log.current();
        return current != null
                && current.epoch().equals(visible.epoch())
                && current.allTablesVersion() <= visible.version();
    }
}

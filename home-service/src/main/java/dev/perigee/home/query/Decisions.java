package dev.perigee.home.query;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decisions about statements, remembered by their exact text and the search path they were made under.
 *
 * <p>A decision is a fact about the catalog, so it lives by the same fence as a result: it is stamped with what was
 * visible before it was made, and a record of the log that concerns every table (DDL is one) at a later position ends
 * it. Read the stamp of a result first, then ask here: if a change of the catalog is at or below that stamp, it has
 * been decoded, the log has it, and no decision from before it is given out.
 *
 * <p>Thread-safe.
 */
final class Decisions {

    /**
     * What a decision is about.
     *
     * @param path the search path of a session elsewhere; empty for that of home's own sessions
     */
    record Key(List<String> path, String sql) {

        private static final int PER_SCHEMA = 32;

        static Key own(String sql) {
            return new Key(List.of(), sql);
        }

        private int weight() {
            return LEAST_WEIGHT
                    + sql.length()
                    + path.stream()
                            .mapToInt(schema -> PER_SCHEMA + schema.length())
                            .sum();
        }
    }

    private record Stamped(Decision decision, StreamPosition visible) {}

    private static final int LEAST_WEIGHT = 256;

    private static final Duration LONGEST_LIFE = Duration.ofMinutes(1);

    private final InvalidationLog log;
    private final Cache<Key, Stamped> byKey;

    /**
     * Remembers decisions as long as their texts fit together.
     *
     * @param capacity in characters of SQL; each decision counts at least {@value #LEAST_WEIGHT}
     */
    Decisions(InvalidationLog log, long capacity) {
        this.log = log;
        this.byKey = Caffeine.newBuilder()
                .maximumWeight(capacity)
                .weigher((Key key, Stamped stamped) -> key.weight())
                // Where the DDL trigger may not be installed, nothing else would ever correct one.
                .expireAfterWrite(LONGEST_LIFE)
                .build();
    }

    /**
     * What is known of a statement, or null.
     *
     * @param visible the stamp of what will be made of it
     */
    @Nullable
    Decision find(Key key, StreamPosition visible) {
        Stamped stamped = byKey.getIfPresent(key);
        if (stamped == null) {
            return null;
        }
        if (isCurrent(stamped.visible)) {
            return stamped.visible.epoch().equals(visible.epoch()) ? stamped.decision : null;
        }
        byKey.asMap().remove(key, stamped);
        return null;
    }

    /**
     * Remembers a decision.
     *
     * @param visible what was visible before the analysis began
     */
    void remember(Key key, Decision decision, StreamPosition visible) {
        byKey.put(key, new Stamped(decision, visible));
    }

    /**
     * A decision that is remembered.
     *
     * @param sql the statement
     * @param searchPath it was made under; empty for that of home's own sessions
     */
    record Remembered(String sql, List<String> searchPath, Decision decision) {}

    /** Those asked for most, at most so many. Not for an event loop: it may wait for the upkeep of what is remembered. */
    List<Remembered> hottest(int most) {
        return byKey.policy().eviction().orElseThrow().hottest(most).entrySet().stream()
                .filter(entry -> isCurrent(entry.getValue().visible))
                .map(entry -> new Remembered(
                        entry.getKey().sql(),
                        entry.getKey().path(),
                        entry.getValue().decision()))
                .toList();
    }

    /** How many are remembered, roughly. */
    long size() {
        return byKey.estimatedSize();
    }

    private boolean isCurrent(StreamPosition visible) {
        EpochLog current = log.current();
        return current != null
                && current.epoch().equals(visible.epoch())
                && current.allTablesVersion() <= visible.version();
    }
}

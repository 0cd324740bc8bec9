package dev.perigee.edge.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.perigee.model.StreamPosition;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * What home has said of statements: which are reads that may be kept, and what they read. A statement that is not here
 * may be a write, and is treated as one. A decision is a fact about the catalog, so it lives by the fence: it falls when
 * all tables are invalidated (which is what a change of the catalog does) above the position it was made at. Bounded,
 * thread-safe.
 */
public final class Statements {

    private static final int MAX_CHARACTERS = 16 * 1024 * 1024;
    private static final int OVERHEAD = 100;

    private final Watermarks watermarks;
    private final Cache<String, Decision> decisions;

    /**
     * A read that may be kept.
     *
     * @param tables qualified names of what it reads
     * @param madeAt the decision contains every change of the catalog at or below it
     */
    public record Decision(List<String> tables, StreamPosition madeAt) {}

    public Statements(Watermarks watermarks) {
        this(watermarks, ForkJoinPool.commonPool());
    }

    /** With the executor that Caffeine puts its upkeep on. */
    public Statements(Watermarks watermarks, Executor upkeep) {
        this.watermarks = watermarks;
        this.decisions = Caffeine.newBuilder()
                .maximumWeight(MAX_CHARACTERS)
                .weigher((String sql, Decision decision) -> OVERHEAD + sql.length())
                .executor(upkeep)
                .build();
    }

    /** What is known of a statement, or null if it may be a write. */
    public @Nullable Decision find(String sql) {
        Decision decision = decisions.getIfPresent(sql);
        return decision != null && watermarks.passes(decision.madeAt, List.of()) ? decision : null;
    }

    /** Home has said that the statement may be kept. */
    public void learn(String sql, Decision decision) {
        Decision known = decisions.getIfPresent(sql);
        if (known == null || !known.equals(decision)) {
            decisions.put(sql, decision);
        }
    }

    /** Home has said that the statement may not be kept. */
    public void forget(String sql) {
        decisions.invalidate(sql);
    }

    /** Forgets everything. */
    public void purge() {
        decisions.invalidateAll();
    }

    /** How many statements are known. */
    public long size() {
        return decisions.estimatedSize();
    }
}

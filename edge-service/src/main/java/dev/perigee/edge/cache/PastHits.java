package dev.perigee.edge.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.perigee.model.EdgeReport;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;

/**
 * By statement, how often results were served that are gone by now. Those that are there count for themselves, so a hit
 * costs nothing here. Remembers the statements it hears of most. Thread-safe, never blocks.
 */
final class PastHits {

    private static final int MOST_STATEMENTS = 1000;

    private final Cache<String, Past> bySql;

    /**
     * What is remembered of a statement.
     *
     * @param tables it was last read from
     */
    record Past(List<String> tables, LongAdder hits) {}

    PastHits(Executor upkeep) {
        this.bySql = Caffeine.newBuilder()
                .maximumSize(MOST_STATEMENTS)
                .executor(upkeep)
                .build();
    }

    /** A result is gone. */
    void gone(ResultKey key, CachedResult result) {
        long hits = result.hits();
        if (hits > 0) {
            bySql.get(EdgeReport.cut(key.sql()), sql -> new Past(result.tables(), new LongAdder()))
                    .hits
                    .add(hits);
        }
    }

    /** By the statement's text, cut. */
    Map<String, Past> bySql() {
        return bySql.asMap();
    }
}

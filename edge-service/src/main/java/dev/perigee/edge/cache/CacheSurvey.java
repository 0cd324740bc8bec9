package dev.perigee.edge.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.model.EdgeReport;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What is in the cache, for people to look at. Walks the cache, so not for an event loop; a large one not to its end. */
public final class CacheSurvey {

    /** The most results it looks at. */
    private static final int MOST_LOOKED_AT = 100_000;

    private static final Comparator<ResultCache.Entry> BY_HITS = Comparator.comparingLong(
                    (ResultCache.Entry entry) -> entry.result().hits())
            .reversed();

    private final ResultCache cache;
    private final Ticker ticker;

    /** Of a cache. */
    public CacheSurvey(ResultCache cache, Ticker ticker) {
        this.cache = cache;
        this.ticker = ticker;
    }

    /**
     * The survey as home is sent it.
     *
     * @param generation of the session with home
     * @param misses by reason
     * @param bypasses by reason
     */
    public EdgeReport report(long generation, Map<String, Long> misses, Map<String, Long> bypasses) {
        Top<ResultCache.Entry> best = new Top<>(EdgeReport.MAX_ENTRIES, BY_HITS);
        Map<String, EdgeReport.Statement> bySql = new HashMap<>();
        cache.pastHits()
                .bySql()
                .forEach((sql, past) -> bySql.put(
                        sql,
                        new EdgeReport.Statement(sql, past.tables(), past.hits().sum(), 0)));
        boolean partial = !cache.walk(MOST_LOOKED_AT, entry -> {
            best.show(entry);
            String sql = EdgeReport.cut(entry.key().sql());
            bySql.merge(
                    sql,
                    new EdgeReport.Statement(
                            sql, entry.result().tables(), entry.result().hits(), 1),
                    CacheSurvey::sum);
        });
        return new EdgeReport(
                generation,
                best.sorted().stream().map(this::describe).toList(),
                bySql.values().stream()
                        .sorted(Comparator.comparingLong(EdgeReport.Statement::hits)
                                .reversed())
                        .limit(EdgeReport.MAX_STATEMENTS)
                        .toList(),
                misses,
                bypasses,
                partial);
    }

    private static EdgeReport.Statement sum(EdgeReport.Statement one, EdgeReport.Statement other) {
        List<String> tables = other.tables().isEmpty() ? one.tables() : other.tables();
        return new EdgeReport.Statement(one.sql(), tables, one.hits() + other.hits(), one.entries() + other.entries());
    }

    private EdgeReport.Entry describe(ResultCache.Entry entry) {
        long now = ticker.read();
        CachedResult result = entry.result();
        return new EdgeReport.Entry(
                entry.key().sql(),
                entry.key().paramCount(),
                result.tables(),
                Duration.ofNanos(result.age(now)).toMillis(),
                Duration.ofNanos(result.ttlLeft(now)).toMillis(),
                entry.bytes(),
                result.hits(),
                cache.isCurrent(result));
    }
}

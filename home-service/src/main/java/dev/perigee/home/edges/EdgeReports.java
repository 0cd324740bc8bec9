package dev.perigee.home.edges;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.perigee.model.EdgeReport;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What the edges of this home have reported of themselves. They are asked while somebody watches, each every few seconds at
 * the most and all of them together no more than twenty a second, so that a console costs the same however many they are.
 * Bounded, thread-safe, never blocks.
 */
final class EdgeReports {

    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final long GAP = Duration.ofMillis(50).toNanos();
    private static final Duration KEPT = Duration.ofMinutes(2);
    /** Characters of SQL. */
    private static final long MOST_TEXT = 16L << 20;

    private static final int OVERHEAD = 1000;

    private final AtomicInteger watchers = new AtomicInteger();
    private final AtomicLong nextAt = new AtomicLong(System.nanoTime());
    private final Cache<String, Boolean> asked =
            Caffeine.newBuilder().expireAfterWrite(INTERVAL).build();
    private final Cache<String, Received> received = Caffeine.newBuilder()
            .expireAfterWrite(KEPT)
            .maximumWeight(MOST_TEXT)
            .weigher((String edgeId, Received one) -> weight(one.report))
            .build();

    /**
     * One report.
     *
     * @param report what the edge has said
     * @param at when, by home's monotonic clock, nanoseconds
     */
    record Received(EdgeReport report, long at) {}

    /**
     * A statement over all edges.
     *
     * @param sql its text, cut
     * @param tables it reads
     * @param hits how often results of it were served from memory
     * @param entries how many results of it are in memory
     * @param edges how many edges have reported it
     */
    record StatementHits(String sql, List<String> tables, long hits, long entries, int edges) {

        private StatementHits plus(StatementHits other) {
            return new StatementHits(sql, tables, hits + other.hits, entries + other.entries, edges + other.edges);
        }
    }

    /** Somebody begins to watch. */
    void watch() {
        watchers.incrementAndGet();
    }

    /** Somebody has stopped watching. */
    void unwatch() {
        watchers.decrementAndGet();
    }

    /** Whether this edge, which has just acknowledged, is to be asked for a report. If so, it counts as asked. */
    boolean due(String edgeId) {
        if (watchers.get() == 0 || asked.getIfPresent(edgeId) != null) {
            return false;
        }
        long next = nextAt.get();
        long now = System.nanoTime();
        if (now - next < 0 || !nextAt.compareAndSet(next, now + GAP)) {
            return false;
        }
        asked.put(edgeId, true);
        return true;
    }

    void take(String edgeId, EdgeReport report) {
        received.put(edgeId, new Received(report, System.nanoTime()));
    }

    /** What an edge has reported last, or null if that is long ago or never was. */
    @Nullable
    Received of(String edgeId) {
        return received.getIfPresent(edgeId);
    }

    /** The statements answered from memory most often, the first the most. */
    List<StatementHits> statements(int most) {
        Map<String, StatementHits> bySql = new HashMap<>();
        received.asMap()
                .values()
                .forEach(one -> one.report
                        .statements()
                        .forEach(said -> bySql.merge(
                                said.sql(),
                                new StatementHits(said.sql(), said.tables(), said.hits(), said.entries(), 1),
                                StatementHits::plus)));
        return bySql.values().stream()
                .sorted(Comparator.comparingLong(StatementHits::hits).reversed())
                .limit(most)
                .toList();
    }

    private static int weight(EdgeReport report) {
        return OVERHEAD
                + report.entries().stream()
                        .mapToInt(entry -> entry.sql().length())
                        .sum()
                + report.statements().stream()
                        .mapToInt(statement -> statement.sql().length())
                        .sum();
    }
}

package dev.perigee.home.edges;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.perigee.home.database.ReportBoard;
import dev.perigee.model.EdgeReport;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What edges have reported of themselves: those of this home to it, those of the others to them. They are asked while
 * somebody watches, at whichever home, each every few seconds at the most and all of a home together no more than twenty a
 * second, so that a console costs the same however many they are. Bounded, thread-safe, never blocks.
 */
final class EdgeReports {

    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final long GAP = Duration.ofMillis(50).toNanos();
    private static final Duration KEPT = Duration.ofMinutes(2);
    /** Characters of SQL. */
    private static final long MOST_TEXT = 16L << 20;

    private static final int OVERHEAD = 1000;

    private static final String OF_EDGE = "edge/";
    private static final String STATEMENTS = "statements";
    private static final int SECONDS = 3;
    private static final int MOST_STATEMENTS = 200;

    private final ReportBoard board;
    private final AtomicInteger watchers = new AtomicInteger();
    private final AtomicLong nextAt = new AtomicLong(System.nanoTime());
    private final Cache<String, Boolean> asked =
            Caffeine.newBuilder().expireAfterWrite(INTERVAL).build();
    private final Cache<String, Received> received = Caffeine.newBuilder()
            .expireAfterWrite(KEPT)
            .maximumWeight(MOST_TEXT)
            .weigher((String edgeId, Received one) -> weight(one.report))
            .build();

    /** What is shared with the other homes goes by the board. */
    EdgeReports(ReportBoard board) {
        this.board = board;
        board.offer(STATEMENTS, SECONDS, () -> new StatementsHit(own()));
    }

    private record Received(EdgeReport report, long at) {}

    /**
     * A report.
     *
     * @param agoMs how long ago it came, milliseconds
     */
    record Told(EdgeReport report, long agoMs) {}

    /** As homes tell each other. */
    record StatementsHit(List<StatementHits> statements) {}

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

        private static StatementHits of(EdgeReport.Statement said) {
            return new StatementHits(said.sql(), said.tables(), said.hits(), said.entries(), 1);
        }

        private StatementHits plus(StatementHits other) {
            return new StatementHits(sql, tables, hits + other.hits, entries + other.entries, edges + other.edges);
        }
    }

    /** Somebody begins to watch. */
    void watch() {
        watchers.incrementAndGet();
        board.watch();
    }

    /** Somebody has stopped watching. */
    void unwatch() {
        watchers.decrementAndGet();
        board.unwatch();
    }

    /** Whether this edge, which has just acknowledged, is to be asked for a report. If so, it counts as asked. */
    boolean due(String edgeId) {
        if ((watchers.get() == 0 && !board.watchedElsewhere()) || asked.getIfPresent(edgeId) != null) {
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
        board.post(OF_EDGE + edgeId, report);
    }

    /** What an edge has reported last, to whichever home; nothing if that is long ago or never was. */
    Mono<Told> of(String edgeId) {
        return board.read(OF_EDGE + edgeId, EdgeReport.class)
                .flatMap(others -> Mono.justOrEmpty(Stream.concat(
                                Stream.ofNullable(ownOf(edgeId)),
                                others.stream().map(other -> new Told(other.body(), other.agoMs())))
                        .min(Comparator.comparingLong(Told::agoMs))));
    }

    private @Nullable Told ownOf(String edgeId) {
        Received own = received.getIfPresent(edgeId);
        return own == null
                ? null
                : new Told(
                        own.report, Duration.ofNanos(System.nanoTime() - own.at).toMillis());
    }

    /** The statements answered from memory most often, at the edges of all homes, the first the most. */
    Mono<List<StatementHits>> statements() {
        return board.read(STATEMENTS, StatementsHit.class)
                .map(others -> most(Stream.concat(
                        own().stream(), others.stream().flatMap(other -> other.body().statements().stream()))));
    }

    private List<StatementHits> own() {
        return most(received.asMap().values().stream()
                .flatMap(one -> one.report.statements().stream())
                .map(StatementHits::of));
    }

    private static List<StatementHits> most(Stream<StatementHits> all) {
        Map<String, StatementHits> bySql = new HashMap<>();
        all.forEach(one -> bySql.merge(one.sql(), one, StatementHits::plus));
        return bySql.values().stream()
                .sorted(Comparator.comparingLong(StatementHits::hits).reversed())
                .limit(MOST_STATEMENTS)
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

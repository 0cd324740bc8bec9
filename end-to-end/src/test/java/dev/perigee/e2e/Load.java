package dev.perigee.e2e;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Writers, through edges and around them, and readers at every edge, who check each answer: that it shows what its version
 * says and what the version asked for says, nothing that was never written, and everything committed longer ago than the
 * bound on staleness. One machine, one clock.
 */
final class Load implements AutoCloseable {

    private static final Duration WRITE_PACE = Duration.ofMillis(150);
    private static final Duration READ_PACE = Duration.ofMillis(20);
    private static final int READERS = 3;
    private static final int READS_IN_A_ROW = 4;
    private static final int MOST_COMPLAINTS = 20;

    /** What became of a counter, a table of one row: each has one writer, who counts up. */
    private static final class Counter {
        final String table;
        final String read;
        final ConcurrentSkipListMap<Long, Integer> byTime = new ConcurrentSkipListMap<>();
        final ConcurrentSkipListMap<Long, Integer> byVersion = new ConcurrentSkipListMap<>();
        final AtomicInteger begun = new AtomicInteger();
        volatile Seen acknowledged = new Seen(0, "");

        Counter(int number) {
            table = "counter_" + number;
            read = "SELECT n FROM " + table;
        }

        int atLeast(ConcurrentSkipListMap<Long, Integer> history, long position) {
            Map.Entry<Long, Integer> last = history.floorEntry(position);
            return last == null ? 0 : last.getValue();
        }
    }

    private record Seen(int n, String version) {}

    /**
     * What there is to say afterwards.
     *
     * @param complaints answers that were wrong
     * @param errors how many requests ended with which status and code, by kind
     */
    record Report(long writes, long reads, long hits, Map<String, Long> errors, List<String> complaints) {}

    private final Fleet fleet;
    private final Postgres postgres;
    private final List<String> edges;
    private final Duration bound;
    private final List<Counter> counters = List.of(new Counter(1), new Counter(2), new Counter(3));
    private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(counters.size() + READERS);
    private final LongAdder writes = new LongAdder();
    private final LongAdder reads = new LongAdder();
    private final LongAdder hits = new LongAdder();
    private final Queue<String> errors = new ConcurrentLinkedQueue<>();
    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private Connection around;
    private PreparedStatement aroundWrite;

    Load(Fleet fleet, Postgres postgres, List<String> edges, Duration bound) {
        this.fleet = fleet;
        this.postgres = postgres;
        this.edges = edges;
        this.bound = bound;
    }

    Load start() throws SQLException {
        for (Counter counter : counters) {
            postgres.sql(
                    "DROP TABLE IF EXISTS " + counter.table,
                    "CREATE TABLE " + counter.table + " (n int PRIMARY KEY)",
                    "INSERT INTO " + counter.table + " VALUES (0)");
        }
        String[] all = counters.stream().map(counter -> counter.read).toArray(String[]::new);
        edges.forEach(edge -> fleet.warmAll(edge, all));
        around = postgres.connect();
        aroundWrite = around.prepareStatement("UPDATE " + counters.get(2).table + " SET n = ?");
        every(WRITE_PACE, new Rounds(edges), edge -> writeThrough(edge, counters.get(0)));
        every(WRITE_PACE, new Rounds(edges), edge -> writeThrough(edge, counters.get(1)));
        every(WRITE_PACE, new Rounds(edges), edge -> writeAround(counters.get(2)));
        for (int reader = 0; reader < READERS; reader++) {
            // Each edge has one reader, which sees what it sees in order.
            List<String> own = new ArrayList<>();
            for (int i = reader; i < edges.size(); i += READERS) {
                own.add(edges.get(i));
            }
            Map<String, Seen> seen = new TreeMap<>();
            every(READ_PACE, new Rounds(own), edge -> {
                Counter counter = counters.get(ThreadLocalRandom.current().nextInt(counters.size()));
                for (int i = 0; i < READS_IN_A_ROW; i++) {
                    read(edge, counter, seen);
                }
            });
        }
        return this;
    }

    private static final class Rounds {
        private final List<String> edges;
        private int next;

        Rounds(List<String> edges) {
            this.edges = edges;
        }

        String next() {
            return edges.get(next++ % edges.size());
        }
    }

    private interface Work {
        void at(String edge) throws SQLException;
    }

    private void every(Duration pace, Rounds rounds, Work work) {
        var unused = threads.scheduleWithFixedDelay(
                () -> {
                    String edge = rounds.next();
                    try {
                        work.at(edge);
                    } catch (SQLException | RuntimeException | AssertionError failure) {
                        complain(edge + ": " + failure);
                    }
                },
                0,
                pace.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private void writeThrough(String edge, Counter counter) {
        int n = counter.begun.incrementAndGet();
        Answer answer = fleet.query(edge, "UPDATE " + counter.table + " SET n = $1 WHERE n < $1", n);
        if (answer.status() == 200) {
            committed(counter, n);
            counter.byVersion.put(position(answer.version()), n);
            counter.acknowledged = new Seen(n, answer.version());
        } else {
            failed("write", edge, answer);
        }
    }

    private void writeAround(Counter counter) throws SQLException {
        int n = counter.begun.incrementAndGet();
        aroundWrite.setInt(1, n);
        aroundWrite.executeUpdate();
        committed(counter, n);
    }

    private void committed(Counter counter, int n) {
        counter.byTime.put(System.nanoTime(), n);
        writes.increment();
    }

    private void read(String edge, Counter counter, Map<String, Seen> seen) {
        String where = edge + "/" + counter.table;
        Seen last = seen.getOrDefault(where, new Seen(0, ""));
        int kind = ThreadLocalRandom.current().nextInt(3);
        Seen wanted = kind == 0 ? last : kind == 1 ? counter.acknowledged : new Seen(0, "");
        int current = counter.atLeast(counter.byTime, System.nanoTime() - bound.toNanos());
        Answer answer = wanted.version().isEmpty()
                ? fleet.query(edge, counter.read)
                : Http.queryMin(fleet.edge(edge), wanted.version(), counter.read);
        reads.increment();
        if (answer.status() != 200) {
            failed("read", edge, answer);
            return;
        }
        int n = Integer.parseInt(answer.column().get(0));
        hits.add(answer.isHit() ? 1 : 0);
        String context = where + " gave " + n + " " + answer.version() + " " + answer.cacheStatus();
        check(n >= current, context + " but " + current + " was committed longer ago than " + bound);
        check(n <= counter.begun.get(), context + " which nobody has written");
        check(n >= wanted.n(), context + " but was asked for " + wanted);
        if (!answer.version().isEmpty()) {
            int promised = counter.atLeast(counter.byVersion, position(answer.version()));
            check(n >= promised, context + " but by that version it was " + promised);
            seen.put(where, new Seen(n, answer.version()));
        }
    }

    private void check(boolean holds, String otherwise) {
        if (!holds) {
            complain(otherwise);
        }
    }

    private void complain(String what) {
        if (complaints.size() < MOST_COMPLAINTS) {
            complaints.add(what);
        }
    }

    private void failed(String kind, String edge, Answer answer) {
        errors.add(kind + " " + answer.status() + " " + answer.code());
        check(
                answer.status() >= 502 && answer.status() <= 504,
                kind + " at " + edge + " was answered " + answer.status() + " " + answer.body());
    }

    /** The number in {@code epoch:version}; 0 if there is none. */
    static long position(String version) {
        return version.isEmpty() ? 0 : Long.parseLong(version.substring(version.indexOf(':') + 1));
    }

    /** Stops, and looks at every edge once more: all that was acknowledged is there. */
    Report stop() throws InterruptedException {
        threads.shutdown();
        check(threads.awaitTermination(1, TimeUnit.MINUTES), "somebody is still waiting for an answer");
        for (String edge : edges) {
            for (Counter counter : counters) {
                int last = counter.byTime.isEmpty()
                        ? 0
                        : counter.byTime.lastEntry().getValue();
                fleet.awaitAtLeast(edge, last, counter.read);
            }
        }
        Map<String, Long> counted = new TreeMap<>();
        errors.forEach(error -> counted.merge(error, 1L, Long::sum));
        return new Report(writes.sum(), reads.sum(), hits.sum(), counted, List.copyOf(complaints));
    }

    @Override
    public void close() throws SQLException {
        threads.shutdownNow();
        around.close();
    }
}

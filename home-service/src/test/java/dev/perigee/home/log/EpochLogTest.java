package dev.perigee.home.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.InvalidationEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EpochLogTest {

    private final EpochLog log = new EpochLog("e.1.1", 100);

    private static InvalidationEvent event(long version, String... tables) {
        return new InvalidationEvent(version, List.of(tables), Instant.EPOCH);
    }

    private static List<String> drain(EpochLog log, long cursor) {
        List<String> read = new ArrayList<>();
        for (LogRecord record = log.after(cursor);
                record != null;
                record = log.after(record.event().upToVersion())) {
            read.add(record.event().upToVersion() + record.event().tables().toString());
        }
        return read;
    }

    @Test
    void keepsOfEachTableTheLatestVersionOnly() {
        log.append(event(110, "a", "b"), 0);
        log.append(event(120, "b", "c"), 0);
        log.append(event(130, "a"), 0);
        assertThat(drain(log, 100)).containsExactly("120[b, c]", "130[a]");
        assertThat(drain(log, 110)).containsExactly("120[b, c]", "130[a]");
        assertThat(drain(log, 120)).containsExactly("130[a]");
        assertThat(log.after(130)).isNull();
        assertThat(log.head()).isEqualTo(130);
        assertThat(log.size()).isEqualTo(2);
    }

    @Test
    void givesTheNewestFirst() {
        for (int i = 1; i <= 5; i++) {
            log.append(event(100 + i, "t" + i), 0);
        }
        assertThat(log.latest(2)).extracting(LogRecord::ordinal).containsExactly(5L, 4L);
        assertThat(log.latest(9)).hasSize(5);
    }

    @Test
    void allTablesSwallowEverythingBefore() {
        log.append(event(110, "a"), 0);
        log.append(event(120), 0);
        log.append(event(130, "a"), 0);
        assertThat(drain(log, 100)).containsExactly("120[]", "130[a]");
    }

    @Test
    void aTableNamedTwiceInARecordStaysInIt() {
        log.append(event(110, "a", "a"), 0);
        assertThat(drain(log, 100)).containsExactly("110[a, a]");
    }

    @Test
    void refusesWhatIsKnownAlready() {
        assertThat(log.append(event(100, "a"), 0)).isFalse();
        assertThat(log.append(event(110, "a"), 0)).isTrue();
        log.advance(115);
        assertThat(log.append(event(115, "b"), 0)).isFalse();
        assertThat(log.append(event(116, "b"), 0)).isTrue();
        assertThat(drain(log, 100)).containsExactly("110[a]", "116[b]");
    }

    @Test
    void theHeadNeverGoesBack() {
        log.advance(120);
        log.advance(110);
        assertThat(log.head()).isEqualTo(120);
    }

    @Test
    void aRecordKeepsItsOrdinalAndTimeWhenItIsThinned() {
        log.append(event(110, "a", "b"), 7);
        log.append(event(120, "a"), 8);
        LogRecord thinned = log.after(100);
        assertThat(thinned.event().tables()).containsExactly("b");
        assertThat(thinned.ordinal()).isEqualTo(1);
        assertThat(thinned.appendedAt()).isEqualTo(7);
        assertThat(log.appended()).isEqualTo(2);
    }

    @Test
    void aLargeTransactionRepeatedDoesNotCostTheSquareOfItsTables() {
        String[] tables = new String[10_000];
        for (int i = 0; i < tables.length; i++) {
            tables[i] = String.format("public.table_with_a_long_common_prefix_%05d", i);
        }
        long begun = System.nanoTime();
        for (int i = 1; i <= 50; i++) {
            log.append(event(100 + i, tables), 0);
        }
        assertThat(log.size()).isEqualTo(1);
        assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.SECONDS.toNanos(5));
    }

    /** At every point of random histories, what is after any cursor is what a plain replay says. */
    @Test
    void agreesWithAPlainReplay() {
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            EpochLog compacted = new EpochLog("e.1.1", 0);
            TreeMap<Long, List<String>> history = new TreeMap<>();
            long version = 0;
            for (int step = 0; step < 30; step++) {
                version += 1 + random.nextInt(3);
                List<String> tables = new ArrayList<>();
                for (int i = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(3); i > 0; i--) {
                    tables.add("t" + random.nextInt(6));
                }
                history.put(version, tables);
                compacted.append(event(version, tables.toArray(new String[0])), 0);
                long cursor = random.nextInt((int) version + 1);
                assertThat(watermarks(compacted, cursor)).as("seed %d", seed).isEqualTo(replay(history, cursor));
            }
        }
    }

    private static Map<String, Long> watermarks(EpochLog log, long cursor) {
        Map<String, Long> marks = new HashMap<>();
        for (LogRecord record = log.after(cursor);
                record != null;
                record = log.after(record.event().upToVersion())) {
            mark(marks, record.event().upToVersion(), record.event().tables());
        }
        return marks;
    }

    private static Map<String, Long> replay(NavigableMap<Long, List<String>> history, long cursor) {
        Map<String, Long> marks = new HashMap<>();
        history.tailMap(cursor, false).forEach((version, tables) -> mark(marks, version, tables));
        return marks;
    }

    private static void mark(Map<String, Long> marks, long version, List<String> tables) {
        if (tables.isEmpty()) {
            marks.clear();
            marks.put("*", version);
        } else {
            tables.forEach(table -> marks.put(table, version));
        }
    }

    /**
     * While one thread writes, others read as sessions do: whoever reads the head and then finds nothing after its
     * cursor has seen every change up to that head.
     */
    @Test
    void aReaderThatHasDrainedHasSeenEverythingUpToTheHeadItReadBefore() throws Exception {
        int readers = 2;
        int versions = 100_000;
        int tables = 8;
        EpochLog shared = new EpochLog("e.1.1", 0);
        // What each table's latest change is at each version: the truth that readers compare with.
        long[][] truth = new long[versions + 1][];
        Random random = new Random(42);
        InvalidationEvent[] events = new InvalidationEvent[versions + 1];
        truth[0] = new long[tables];
        for (int v = 1; v <= versions; v++) {
            truth[v] = truth[v - 1].clone();
            int first = random.nextInt(tables);
            int second = random.nextInt(tables);
            truth[v][first] = v;
            truth[v][second] = v;
            events[v] = event(v, "t" + first, "t" + second);
        }
        ExecutorService threads = Executors.newFixedThreadPool(readers + 1);
        try {
            List<Future<Long>> checks = new ArrayList<>();
            for (int i = 0; i < readers; i++) {
                checks.add(threads.submit(() -> readAll(shared, truth, versions)));
            }
            threads.submit(() -> {
                        for (int v = 1; v <= versions; v++) {
                            shared.append(events[v], 0);
                        }
                    })
                    .get(60, TimeUnit.SECONDS);
            for (Future<Long> check : checks) {
                assertThat(check.get(60, TimeUnit.SECONDS)).isGreaterThan(0);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static long readAll(EpochLog log, long[][] truth, int last) {
        long[] seen = new long[truth[0].length];
        long cursor = 0;
        long drained = 0;
        while (drained < last) {
            long head = log.head();
            LogRecord record = log.after(cursor);
            if (record != null) {
                cursor = record.event().upToVersion();
                for (String table : record.event().tables()) {
                    seen[Integer.parseInt(table.substring(1))] = cursor;
                }
            } else if (head > drained) {
                for (int table = 0; table < seen.length; table++) {
                    if (seen[table] < truth[(int) head][table]) {
                        throw new AssertionError("t" + table + " at head " + head + ": saw " + seen[table]
                                + ", changed at " + truth[(int) head][table]);
                    }
                }
                drained = head;
            }
        }
        return drained;
    }
}

package dev.perigee.home.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.testing.Fuzz;
import dev.perigee.testing.Together;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * Real threads at one log: who reads the head, and then finds nothing after the cursor, has seen everything up to that
 * head, wherever the cursor began.
 */
class EpochLogRaceTest {

    private static final int TABLES = 5;
    private static final int COMMITS = 20_000;

    @Test
    void whoFindsNothingMoreHasSeenEverythingUpToTheHead() throws Exception {
        try (Together threads = new Together()) {
            Fuzz.trials(4, random -> {
                long seed = random.nextLong();
                EpochLog log = new EpochLog("1.1", 0);
                threads.run(
                        () -> {
                            for (long version = 1; version <= COMMITS; version++) {
                                log.append(new InvalidationEvent(version, names(seed, version), Instant.EPOCH), 0);
                            }
                        },
                        () -> read(log, seed, new Random(seed)),
                        () -> read(log, seed, new Random(seed + 1)));
                assertThat(log.size()).isLessThanOrEqualTo(TABLES);
            });
        }
    }

    /** An edge that now and then has been away, and comes back with the cursor of then and what it knew then. */
    private static void read(EpochLog log, long seed, Random random) {
        long cursor = 0;
        long[] seen = new long[TABLES];
        long remembered = 0;
        long[] seenThen = seen.clone();
        long head = 0;
        while (head < COMMITS) {
            head = log.head();
            for (LogRecord record = log.after(cursor); record != null; record = log.after(cursor)) {
                long version = record.event().upToVersion();
                assertThat(version).isGreaterThan(cursor);
                cursor = version;
                if (record.event().concernsAllTables()) {
                    Arrays.fill(seen, version);
                }
                for (String table : record.event().tables()) {
                    seen[table.charAt(0) - 'a'] = version;
                }
            }
            for (int table = 0; table < TABLES; table++) {
                assertThat(seen[table])
                        .as("the last change of %s seen, with the head at %d and the cursor at %d", table, head, cursor)
                        .isGreaterThanOrEqualTo(lastChange(seed, table, head));
            }
            if (cursor >= head) {
                // In step: let the writer come.
                LockSupport.parkNanos(1);
            }
            cursor = Math.max(cursor, head);
            if (random.nextInt(50) == 0) {
                long[] now = seen.clone();
                long here = cursor;
                cursor = remembered;
                seen = seenThen;
                remembered = here;
                seenThen = now;
            }
        }
    }

    private static long lastChange(long seed, int table, long upTo) {
        long version = upTo;
        while (version > 0 && (tables(seed, version) & 1 << table) == 0) {
            version--;
        }
        return version;
    }

    /** Which tables a commit touches, one bit each; all of them is "every table". */
    private static int tables(long seed, long version) {
        return 1 + new SplittableRandom(seed ^ version * 0x9E3779B97F4A7C15L).nextInt((1 << TABLES) - 1);
    }

    private static List<String> names(long seed, long version) {
        int tables = tables(seed, version);
        List<String> names = new ArrayList<>();
        for (int table = 0; table < TABLES && tables != (1 << TABLES) - 1; table++) {
            if ((tables & 1 << table) != 0) {
                names.add(String.valueOf((char) ('a' + table)));
            }
        }
        return names;
    }
}

package dev.perigee.edge.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.testing.Fuzz;
import dev.perigee.testing.Together;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The link raises, resets and closes the marks while reads look at them and results come in. */
class FenceRaceTest {

    private static final int TABLES = 4;
    private static final long VERSIONS = 20_000;

    /** What {@code raise} has returned for, by table: whoever looks later must not be served what is below. */
    private final AtomicLong[] raised = new AtomicLong[TABLES];

    private final AtomicInteger era = new AtomicInteger();
    private volatile boolean done;

    /** With so few marks allowed, they are folded into the one for all tables again and again. */
    @Test
    void nothingBelowAMarkIsServedOnceRaiseHasReturned() throws Exception {
        AtomicLong served = new AtomicLong();
        try (Together threads = new Together()) {
            Fuzz.trials(6, random -> {
                Watermarks marks = new Watermarks(2);
                ResultCache cache = new ResultCache(100, 1 << 20, marks, () -> 0);
                marks.reset(at(0, 1));
                begin();
                Random link = new Random(random.nextLong());
                Random reader = new Random(random.nextLong());
                Random filler = new Random(random.nextLong());
                threads.run(
                        () -> {
                            for (long version = 2; version <= VERSIONS; version++) {
                                raise(marks, link, version);
                            }
                            done = true;
                        },
                        () -> {
                            while (!done) {
                                int table = filler.nextInt(TABLES);
                                long readAt = raised[table].get() + filler.nextInt(3) - 1;
                                cache.admit(cache.ticket(), key(table), result(table, at(0, Math.max(0, readAt))));
                            }
                        },
                        () -> {
                            while (!done) {
                                int table = reader.nextInt(TABLES);
                                long floor = raised[table].get();
                                CachedResult found = cache.find(key(table));
                                if (found != null && cache.isCurrent(found)) {
                                    served.incrementAndGet();
                                    assertThat(found.readAt().version()).isGreaterThanOrEqualTo(floor);
                                }
                                // What is just below must not pass either, whether or not it is kept.
                                assertThat(marks.passes(at(0, Math.max(0, floor - 1)), List.of(name(table))))
                                        .isFalse();
                            }
                        });
            });
        }
        assertThat(served).as("results served").hasPositiveValue();
    }

    private void raise(Watermarks marks, Random random, long version) {
        if (random.nextInt(20) == 0) {
            marks.raise(new InvalidationEvent(version, List.of(), Instant.EPOCH));
            for (AtomicLong each : raised) {
                each.set(version);
            }
        } else if (random.nextInt(20) == 0) {
            marks.reset(at(0, version));
            for (AtomicLong each : raised) {
                each.set(version);
            }
        } else {
            int table = random.nextInt(TABLES);
            marks.raise(new InvalidationEvent(version, List.of(name(table)), Instant.EPOCH));
            raised[table].set(version);
        }
    }

    @Test
    void nothingOfAnEpochIsServedOnceItHasBeenClosed() throws Exception {
        try (Together threads = new Together()) {
            Fuzz.trials(4, random -> {
                Watermarks marks = new Watermarks();
                ResultCache cache = new ResultCache(100, 1 << 20, marks, () -> 0);
                begin();
                marks.reset(at(0, 1));
                threads.run(
                        () -> {
                            for (int next = 1; next <= 5_000; next++) {
                                marks.close();
                                era.set(next);
                                // A higher version in the old epoch must not help.
                                marks.reset(at(next, 5_000 - next));
                            }
                            done = true;
                        },
                        () -> {
                            while (!done) {
                                cache.admit(cache.ticket(), key(0), result(0, at(era.get(), Long.MAX_VALUE - 1)));
                            }
                        },
                        () -> {
                            while (!done) {
                                int least = era.get();
                                CachedResult found = cache.find(key(0));
                                if (found != null && cache.isCurrent(found)) {
                                    assertThat(Integer.parseInt(found.epoch().substring(2)))
                                            .isGreaterThanOrEqualTo(least);
                                }
                            }
                        });
            });
        }
    }

    private void begin() {
        for (int i = 0; i < TABLES; i++) {
            raised[i] = new AtomicLong(1);
        }
        era.set(0);
        done = false;
    }

    private static String name(int table) {
        return "public.t" + table;
    }

    private static StreamPosition at(int epoch, long version) {
        return new StreamPosition("7." + epoch, version);
    }

    private static QueryKey key(int table) {
        return QueryKey.of(new QueryRequest("select * from t" + table, List.of()));
    }

    private static CachedResult result(int table, StreamPosition readAt) {
        return new CachedResult(
                new byte[8], "application/json", List.of(name(table)), name(table), readAt, 0, Duration.ofSeconds(60));
    }
}

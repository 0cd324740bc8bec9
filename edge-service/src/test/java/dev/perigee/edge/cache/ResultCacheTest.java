package dev.perigee.edge.cache;

import static dev.perigee.edge.cache.Results.EPOCH;
import static dev.perigee.edge.cache.Results.at;
import static dev.perigee.edge.cache.Results.change;
import static dev.perigee.edge.cache.Results.key;
import static dev.perigee.edge.cache.Results.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.model.StreamPosition;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ResultCacheTest {

    private static final long MIB = 1024 * 1024;

    private final AtomicLong now = new AtomicLong();
    private final Watermarks marks = new Watermarks();
    private final ResultCache cache = new ResultCache(100, MIB, marks, now::get);

    @BeforeEach
    void open() {
        marks.reset(at(10));
    }

    @Test
    void keepsWhatIsCurrent() {
        CachedResult result = result(10, "a.b");
        assertThat(cache.admit(cache.ticket(), key("select 1"), result)).isTrue();
        assertThat(cache.find(key("select 1"))).isSameAs(result);
        assertThat(cache.isCurrent(result)).isTrue();
    }

    @Test
    void aFillThatArrivesAfterItsInvalidationIsRefused() {
        long ticket = cache.ticket();
        marks.raise(change(20, "a.b"));
        assertThat(cache.admit(ticket, key("select 1"), result(19, "a.b"))).isFalse();
        assertThat(cache.find(key("select 1"))).isNull();
        assertThat(cache.refused()).isEqualTo(1);
    }

    @Test
    void aFillOfAnotherEpochIsRefused() {
        long ticket = cache.ticket();
        marks.reset(new StreamPosition("8.1.1", 5));
        assertThat(cache.admit(ticket, key("select 1"), result(1000, "a.b"))).isFalse();
    }

    @Test
    void aFillOnItsWayWhenEverythingMayHaveBeenMissedIsRefused() {
        long ticket = cache.ticket();
        marks.close();
        assertThat(cache.admit(ticket, key("select 1"), result(15, "a.b"))).isFalse();
        marks.reset(at(20));
        assertThat(cache.admit(ticket, key("select 1"), result(15, "a.b"))).isFalse();
        assertThat(cache.admit(ticket, key("select 1"), result(20, "a.b"))).isTrue();
    }

    @Test
    void aFillOnItsWayDuringAPurgeIsRefused() {
        long ticket = cache.ticket();
        cache.purge("other.table");
        assertThat(cache.admit(ticket, key("select 1"), result(10, "a.b"))).isFalse();
    }

    @Test
    void whatWasInvalidatedAfterAdmissionIsNotCurrent() {
        CachedResult result = result(10, "a.b");
        cache.admit(cache.ticket(), key("select 1"), result);
        marks.raise(change(11, "a.b"));
        assertThat(cache.isCurrent(result)).isFalse();
    }

    @Test
    void neverPastItsTimeToLive() {
        CachedResult brief = result(EPOCH, 10, 1, Duration.ofSeconds(1), "a.b");
        cache.admit(cache.ticket(), key("brief"), brief);
        cache.admit(cache.ticket(), key("long"), result(10, "a.b"));
        now.addAndGet(Duration.ofMillis(999).toNanos());
        assertThat(cache.find(key("brief"))).isSameAs(brief);
        now.addAndGet(Duration.ofMillis(1).toNanos());
        assertThat(cache.find(key("brief"))).isNull();
        assertThat(cache.find(key("long"))).isNotNull();
    }

    @Test
    void aResultThatReplacesAnotherDoesNotLiveOnToTheOthersEnd() {
        cache.admit(cache.ticket(), key("one"), result(EPOCH, 10, 1, Duration.ofMillis(1500), "a.b"));
        CachedResult brief = result(EPOCH, 10, 1, Duration.ofSeconds(1), "a.b");
        cache.admit(cache.ticket(), key("one"), brief);
        assertThat(cache.find(key("one"))).isSameAs(brief);
        now.set(Duration.ofSeconds(1).toNanos());
        assertThat(cache.find(key("one"))).isNull();
    }

    @Test
    void boundedByNumber() {
        for (int i = 0; i < 1000; i++) {
            cache.admit(cache.ticket(), key("select " + i), result(10, "a.b"));
        }
        cache.settle();
        assertThat(cache.size()).isBetween(50L, 100L);
    }

    @Test
    void boundedByBytes() {
        for (int i = 0; i < 100; i++) {
            cache.admit(cache.ticket(), key("select " + i), result(EPOCH, 10, 100_000, Duration.ofSeconds(60), "a.b"));
        }
        cache.settle();
        assertThat(cache.size()).isBetween(5L, 10L);
        await().untilAsserted(() -> assertThat(cache.bytes()).isBetween(500_000L, MIB));
    }

    @Test
    void growsWithoutARestartAndMaxEntriesStillHolds() {
        fill(1000, 1);
        cache.allow(true, 16 * MIB);
        cache.adapt();
        cache.settle();
        assertThat(cache.maxBytes()).isEqualTo(16 * MIB);
        long kept = cache.size();
        assertThat(kept).as("nothing is evicted for it").isBetween(90L, 100L);
        // As many again would fit in if those of before still weighed what they did.
        fill(90, 2);
        cache.settle();
        assertThat(cache.size()).isBetween(90L, 100L);
        cache.purge();
        fillLarge(200);
        cache.settle();
        await().untilAsserted(() -> assertThat(cache.bytes()).isBetween(8 * MIB, 16 * MIB));
    }

    @Test
    void shrinksWithoutARestartAndKeepsAllSmallResults() {
        fill(100, 1);
        cache.settle();
        long kept = cache.size();
        cache.allow(true, MIB / 4);
        cache.adapt();
        cache.settle();
        assertThat(cache.size())
                .as("100 small ones take less than a quarter of a MiB")
                .isEqualTo(kept);
        fillLarge(100);
        cache.settle();
        await().untilAsserted(() -> assertThat(cache.bytes()).isBetween(1L, MIB / 4));
        cache.purge();
        cache.allow(true, null);
        cache.adapt();
        assertThat(cache.maxBytes()).as("what is configured").isEqualTo(MIB);
        fillLarge(100);
        cache.settle();
        await().untilAsserted(() -> assertThat(cache.bytes()).isBetween(MIB / 2, MIB));
    }

    @Test
    void evictsWhatNoLongerFits() {
        fillLarge(10);
        cache.settle();
        assertThat(cache.bytes()).isGreaterThan(MIB / 2);
        cache.allow(true, MIB / 4);
        cache.adapt();
        cache.settle();
        await().untilAsserted(() -> assertThat(cache.bytes()).isBetween(1L, MIB / 4));
    }

    @Test
    void maxEntriesHoldsHoweverLargeTheBoundOnBytes() {
        ResultCache few = new ResultCache(3, MIB, marks, now::get);
        few.allow(true, 1L << 40);
        few.adapt();
        for (int i = 0; i < 100; i++) {
            few.admit(few.ticket(), key("select " + i), result(10, "a.b"));
        }
        few.settle();
        assertThat(few.size()).isBetween(1L, 3L);
    }

    @Test
    void disabledItHoldsAndTakesNothingNotEvenWhatIsOnItsWay() {
        long ticket = cache.ticket();
        cache.admit(ticket, key("select 1"), result(10, "a.b"));
        cache.allow(false, null);
        assertThat(cache.find(key("select 1"))).as("at once").isNull();
        assertThat(cache.admit(cache.ticket(), key("select 2"), result(10, "a.b")))
                .isFalse();
        cache.adapt();
        assertThat(cache.size()).isZero();
        cache.allow(true, null);
        long second = cache.ticket();
        cache.allow(false, null);
        cache.allow(true, null);
        assertThat(cache.admit(second, key("select 1"), result(10, "a.b")))
                .as("however briefly it was disabled")
                .isFalse();
        cache.adapt();
        assertThat(cache.admit(ticket, key("select 1"), result(10, "a.b")))
                .as("it was on its way")
                .isFalse();
        assertThat(cache.admit(cache.ticket(), key("select 1"), result(10, "a.b")))
                .isTrue();
        await().untilAsserted(() -> assertThat(cache.bytes()).isPositive().isLessThan(1000));
    }

    private void fill(int many, int run) {
        for (int i = 0; i < many; i++) {
            cache.admit(cache.ticket(), key("select " + run, i), result(10, "a.b"));
        }
    }

    private void fillLarge(int many) {
        for (int i = 0; i < many; i++) {
            cache.admit(cache.ticket(), key("large", i), result(EPOCH, 10, 100_000, Duration.ofSeconds(60), "a.b"));
        }
    }

    @Test
    void aPurgeBetweenTheTestAndTheInsertionCounts() {
        ResultCache raced = admitting(ResultCache::purge);
        assertThat(raced.find(key("select 1"))).isNull();
    }

    /** It would not be served; but neither is its memory wasted until somebody sweeps. */
    @Test
    void aChangeBetweenTheTestAndTheInsertionCounts() {
        ResultCache raced = admitting(none -> marks.raise(change(20, "a.b")));
        assertThat(raced.find(key("select 1"))).isNull();
        assertThat(raced.refused()).isEqualTo(1);
    }

    /** A cache that was asked to admit a result, with something happening between its test and the insertion. */
    private ResultCache admitting(Consumer<ResultCache> meanwhile) {
        AtomicReference<Runnable> next = new AtomicReference<>(() -> {});
        // The clock is read while a result is inserted.
        ResultCache raced = new ResultCache(100, MIB, marks, () -> {
            next.getAndSet(() -> {}).run();
            return 0;
        });
        long ticket = raced.ticket();
        next.set(() -> meanwhile.accept(raced));
        assertThat(raced.admit(ticket, key("select 1"), result(10, "a.b"))).isFalse();
        return raced;
    }

    @Test
    void aFillThatIsRefusedDoesNotDisplaceABetterOne() {
        marks.raise(change(20, "a.b"));
        CachedResult good = result(20, "a.b");
        cache.admit(cache.ticket(), key("select 1"), good);
        assertThat(cache.admit(cache.ticket(), key("select 1"), result(19, "a.b")))
                .isFalse();
        assertThat(cache.find(key("select 1"))).isSameAs(good);
    }

    @Test
    void aTableWithoutASchemaIsPurgedInEverySchema() {
        cache.admit(cache.ticket(), key("select 1"), result(10, "a.users"));
        cache.admit(cache.ticket(), key("select 2"), result(10, "a.other_users"));
        cache.purge("users");
        assertThat(cache.find(key("select 1"))).isNull();
        assertThat(cache.find(key("select 2"))).isNotNull();
    }

    @Test
    void timeToLiveCountsFromTheAsking() {
        now.set(Duration.ofSeconds(50).toNanos());
        cache.admit(cache.ticket(), key("select 1"), result(10, "a.b"));
        now.set(Duration.ofSeconds(60).toNanos());
        assertThat(cache.find(key("select 1"))).isNull();
    }

    @Test
    void purgesOneTableOrAll() {
        cache.admit(cache.ticket(), key("one"), result(10, "a.b"));
        cache.admit(cache.ticket(), key("other"), result(10, "a.c"));
        cache.purge("a.b");
        assertThat(cache.find(key("one"))).isNull();
        assertThat(cache.find(key("other"))).isNotNull();
        cache.purge();
        assertThat(cache.find(key("other"))).isNull();
        await().untilAsserted(() -> assertThat(cache.bytes()).isZero());
    }

    @Test
    void sweepsInBoundedSteps() {
        for (int i = 0; i < 50; i++) {
            cache.admit(cache.ticket(), key("select " + i), result(10, i % 2 == 0 ? "a.b" : "a.c"));
        }
        marks.raise(change(11, "a.b"));
        assertThat(cache.sweep(10)).isBetween(1, 10);
        for (int i = 0; i < 5; i++) {
            cache.sweep(10);
        }
        assertThat(cache.size()).isEqualTo(25);
        assertThat(cache.swept()).isEqualTo(25);
        // Nothing has risen since: it does not look again.
        assertThat(cache.sweep(1000)).isZero();
        marks.raise(change(12, "a.c"));
        assertThat(cache.sweep(1000)).isEqualTo(25);
    }

    @Test
    void listsTheLargest() {
        for (int i = 1; i <= 20; i++) {
            cache.admit(cache.ticket(), key("s" + i), result(EPOCH, 10, i * 1000, Duration.ofSeconds(60), "a.b"));
        }
        List<ResultCache.Entry> top =
                cache.top(3, Comparator.comparingLong(ResultCache.Entry::bytes).reversed());
        assertThat(top).extracting(entry -> entry.key().sql()).containsExactly("s20", "s19", "s18");
    }

    @Test
    void keysAreEqualOnlyIfTheyAreTheSame() {
        assertThat(key("select $1", 1)).isEqualTo(key("select $1", 1)).hasSameHashCodeAs(key("select $1", 1));
        assertThat(key("select $1", 1)).isNotEqualTo(key("SELECT $1", 1));
        assertThat(key("select $1", 1)).isNotEqualTo(key("select $1", "1"));
        assertThat(key("select $1", 1)).isNotEqualTo(key("select $1", new BigDecimal("1.0")));
        assertThat(key("s", new BigDecimal("1.0"))).isNotEqualTo(key("s", new BigDecimal("1.00")));
        assertThat(key("s", (Object) null)).isNotEqualTo(key("s"));
        assertThat(key("s", List.of())).isNotEqualTo(key("s", Map.of()));
        assertThat(key("s", List.of(List.of()))).isNotEqualTo(key("s", List.of(Map.of())));
        Map<String, Object> ab = new LinkedHashMap<>();
        ab.put("a", 1);
        ab.put("b", 2);
        Map<String, Object> ba = new LinkedHashMap<>();
        ba.put("b", 2);
        ba.put("a", 1);
        assertThat(key("s", ab)).isNotEqualTo(key("s", ba)).isEqualTo(key("s", ab));
        // The same hash, and yet two keys.
        assertThat("Aa").hasSameHashCodeAs("BB");
        assertThat(key("Aa")).hasSameHashCodeAs(key("BB")).isNotEqualTo(key("BB"));
    }

    @Test
    void decisionsLiveByTheFence() {
        Statements statements = new Statements(marks);
        Statements.Decision decision = new Statements.Decision(List.of("a.b"), at(15));
        statements.learn("select 1", decision);
        assertThat(statements.find("select 1")).isEqualTo(decision);
        assertThat(statements.find("delete from a.b")).isNull();
        marks.raise(change(16, "a.b"));
        assertThat(statements.find("select 1")).isEqualTo(decision);
        marks.raise(change(16));
        assertThat(statements.find("select 1")).isNull();
        statements.learn("select 1", new Statements.Decision(List.of("a.b"), at(16)));
        assertThat(statements.find("select 1")).isNotNull();
        statements.forget("select 1");
        assertThat(statements.find("select 1")).isNull();
        statements.learn("select 1", new Statements.Decision(List.of("a.b"), at(99)));
        marks.reset(new StreamPosition("8.1.1", 5));
        assertThat(statements.find("select 1")).isNull();
    }
}

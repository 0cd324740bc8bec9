package dev.perigee.edge.cache;

import static dev.perigee.edge.cache.Results.at;
import static dev.perigee.edge.cache.Results.change;
import static dev.perigee.edge.cache.Results.result;
import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WatermarksTest {

    private final Watermarks marks = new Watermarks();

    @Test
    void closedUntilTheFirstReset() {
        assertThat(marks.serves(result(Long.MAX_VALUE - 1, "a.b"))).isFalse();
        marks.raise(change(5, "a.b"));
        assertThat(marks.epoch()).isNull();
        marks.reset(at(10));
        assertThat(marks.serves(result(10, "a.b"))).isTrue();
        marks.close();
        assertThat(marks.serves(result(10, "a.b"))).isFalse();
    }

    @Test
    void aResultMustBeAboveEveryMarkThatConcernsIt() {
        marks.reset(at(10));
        assertThat(marks.serves(result(9, "a.b"))).isFalse();
        marks.raise(change(20, "a.b"));
        // Read with everything up to 19 in it, it lacks 20.
        assertThat(marks.serves(result(19, "a.b"))).isFalse();
        assertThat(marks.serves(result(20, "a.b"))).isTrue();
        assertThat(marks.serves(result(19, "a.c"))).isTrue();
        assertThat(marks.serves(result(19, "a.c", "a.b"))).isFalse();
        assertThat(marks.serves(result(10))).isTrue();
    }

    @Test
    void marksOfTablesWithoutResultsAreKept() {
        marks.reset(at(10));
        marks.raise(change(20, "never.seen"));
        assertThat(marks.serves(result(15, "never.seen"))).isFalse();
    }

    @Test
    void allTables() {
        marks.reset(at(10));
        marks.raise(change(20, "a.b"));
        marks.raise(change(30));
        assertThat(marks.size()).isZero();
        assertThat(marks.serves(result(29, "a.c"))).isFalse();
        assertThat(marks.serves(result(29))).isFalse();
        assertThat(marks.serves(result(30, "a.b"))).isTrue();
    }

    @Test
    void anotherEpochCountsForNothing() {
        marks.reset(at(1000));
        marks.reset(new StreamPosition("8.1.1", 5));
        assertThat(marks.serves(result(2000, "a.b"))).isFalse();
        marks.raise(change(7, "a.b"));
        assertThat(marks.highest(List.of("a.b"))).isEqualTo(7);
    }

    @Test
    void aResetInTheSameEpochNeverLowersAMark() {
        marks.reset(at(10));
        marks.raise(change(50, "a.b"));
        marks.reset(at(30));
        assertThat(marks.serves(result(40, "a.b"))).isFalse();
        assertThat(marks.serves(result(29, "a.c"))).isFalse();
        assertThat(marks.serves(result(30, "a.c"))).isTrue();
    }

    @Test
    void tooManyTablesAreFoldedIntoOne() {
        Watermarks small = new Watermarks(2);
        small.reset(at(0));
        small.raise(change(1, "a"));
        small.raise(change(2, "b"));
        small.raise(change(3, "c"));
        assertThat(small.size()).isZero();
        assertThat(small.serves(result(2, "d"))).isFalse();
        assertThat(small.serves(result(3, "a"))).isTrue();
    }

    @Test
    void anyOrderAndAnyRepetitionEndInTheSame() {
        Random random = new Random(42);
        List<InvalidationEvent> events = new ArrayList<>();
        for (int version = 1; version <= 200; version++) {
            events.add(
                    random.nextInt(20) == 0
                            ? change(version)
                            : change(version, "t" + random.nextInt(5), "u" + random.nextInt(5)));
        }
        marks.reset(at(0));
        events.forEach(marks::raise);
        for (int run = 0; run < 20; run++) {
            Watermarks other = new Watermarks();
            other.reset(at(0));
            List<InvalidationEvent> shuffled = new ArrayList<>(events);
            shuffled.addAll(events.subList(0, 100));
            Collections.shuffle(shuffled, random);
            shuffled.forEach(other::raise);
            for (String table : List.of("t0", "t1", "t2", "t3", "t4", "u0", "u4", "none")) {
                assertThat(other.highest(List.of(table))).isEqualTo(marks.highest(List.of(table)));
            }
        }
    }
}

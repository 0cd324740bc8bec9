package dev.perigee.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WallClockTest {

    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final WallClock clock = new WallClock("edge-3");

    @Test
    void aShiftIsKnownBeforeItAndWellAfterIt() {
        long before = System.nanoTime();
        clock.shifted(7);
        long after = System.nanoTime();

        assertThat(clock.shiftMillis("edge-3", before - 2 * MINUTE, before - MINUTE))
                .isZero();
        assertThat(clock.shiftMillis("edge-3", after + MINUTE, after + 2 * MINUTE))
                .isEqualTo(7);
    }

    @Test
    void aroundAShiftNothingIsKnown() {
        long before = System.nanoTime();
        clock.shifted(7);
        long after = System.nanoTime();

        assertThat(clock.shiftMillis("edge-3", before - 1, after + 1)).isNull();
        assertThat(clock.shiftMillis("edge-3", after, after + 1)).isNull();
    }

    @Test
    void otherClocksAreRight() {
        clock.shifted(7);
        assertThat(clock.shiftMillis("edge-1", System.nanoTime(), System.nanoTime()))
                .isZero();
    }
}

package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LateConfirmationTest {

    private static final long SECOND = 1_000_000_000L;

    @Test
    void confirmsAtOnceIfNothingIsRetained() {
        LateConfirmation confirmation = new LateConfirmation(Duration.ZERO);

        assertThat(confirmation.applied(100, 5)).isEqualTo(100);
        assertThat(confirmation.applied(200, 5)).isEqualTo(200);
    }

    @Test
    void confirmsWhatWasAppliedLongEnoughAgo() {
        LateConfirmation confirmation = new LateConfirmation(Duration.ofSeconds(30));

        assertThat(confirmation.applied(100, 0)).isZero();
        assertThat(confirmation.applied(200, 10 * SECOND)).isZero();
        assertThat(confirmation.applied(300, 30 * SECOND - 1)).isZero();
        assertThat(confirmation.applied(400, 30 * SECOND)).isEqualTo(100);
        assertThat(confirmation.applied(500, 45 * SECOND)).isEqualTo(200);
        assertThat(confirmation.applied(600, 100 * SECOND)).isEqualTo(500);
    }

    /** However many commits there are: a position that is not remembered is covered by a later one. */
    @Test
    void isNeverEarlyAndHardlyLate() {
        LateConfirmation confirmation = new LateConfirmation(Duration.ofSeconds(30));
        long step = SECOND / 1000;
        for (long i = 0; i < 100_000; i++) {
            long confirmed = confirmation.applied(i + 1, i * step);
            long due = Math.max(0, i - 30_000 + 1);
            assertThat(confirmed).isLessThanOrEqualTo(due).isGreaterThanOrEqualTo(Math.max(0, due - 500));
        }
    }

    @Test
    void takesAnyMonotonicClock() {
        LateConfirmation confirmation = new LateConfirmation(Duration.ofSeconds(1));
        long start = Long.MAX_VALUE - SECOND / 2;

        assertThat(confirmation.applied(100, start)).isZero();
        assertThat(confirmation.applied(200, start + SECOND)).isEqualTo(100);
    }
}

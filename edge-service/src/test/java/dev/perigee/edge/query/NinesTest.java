package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NinesTest {

    @Test
    void nothingIsShownByNothing() {
        assertThat(Nines.shown(0, 0)).isZero();
        assertThat(Nines.words(0, 0)).isEqualTo("no hit has been checked yet");
    }

    @Test
    void checksWithoutAViolationShowLittleMoreThanTheirNumber() {
        for (long n = 1; n < 1_000_000_000; n *= 10) {
            double shown = Nines.shown(n, 0);
            assertThat(shown).isLessThanOrEqualTo(Math.log10((double) n));
            assertThat(shown).isGreaterThanOrEqualTo(Math.max(0, Math.log10((double) n) - 0.6));
        }
        assertThat(Nines.shown(1, 0)).isZero();
        assertThat(Nines.shown(1_000, 0)).isEqualTo(2.5);
        assertThat(Nines.words(1_000, 0))
                .isEqualTo(
                        "at least 2.5 nines (99.68 %) of hits right, with 95 % confidence: 1000 checks, 0 violations");
        assertThat(Nines.words(27_100, 0)).contains("4.0 nines (99.990 %)").doesNotContain("99.999");
    }

    @Test
    void everyViolationCosts() {
        double before = Nines.shown(10_000, 0);
        for (long wrong = 1; wrong <= 10_000; wrong *= 10) {
            double now = Nines.shown(10_000, wrong);
            assertThat(now).isLessThanOrEqualTo(before);
            // Never more than what was seen.
            assertThat(now).isLessThanOrEqualTo(-Math.log10(wrong / 10_000.0) + 1e-9);
            before = now;
        }
        assertThat(Nines.shown(10_000, 10_000)).isZero();
        assertThat(Nines.shown(3, 5)).isZero();
    }
}

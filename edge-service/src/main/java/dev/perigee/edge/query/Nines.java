package dev.perigee.edge.query;

import java.util.Locale;

/**
 * What a number of checks has shown, in nines: 2 is 99 %, 3 is 99.9 %. Not the share that was right, which is 1 as long as
 * nothing was wrong, after one check as after a million; but what the share of right answers is at least, with 95 %
 * confidence. So n checks without a violation never show more than about log10(n) nines.
 *
 * <p>The bound is Wilson's, one-sided: for no violation it comes to 2.7 / n, near to the "rule of three".
 */
final class Nines {

    /** Of the normal distribution, one-sided 95 %. */
    private static final double Z = 1.645;

    private Nines() {}

    /** How many nines so many checks with so many violations have shown, rounded down to a tenth. */
    static double shown(long checked, long violations) {
        if (checked <= 0) {
            return 0;
        }
        double n = checked;
        double wrong = Math.min(1, violations / n);
        double square = Z * Z / n;
        double middle = wrong + square / 2;
        double spread = Z * Math.sqrt(wrong * (1 - wrong) / n + square / (4 * n));
        double atMost = Math.min(1, (middle + spread) / (1 + square));
        double shown = Math.min(-Math.log10(atMost), Math.log10(n));
        return Math.floor(Math.max(0, shown) * 10) / 10;
    }

    /** The same in words. */
    static String words(long checked, long violations) {
        if (checked <= 0) {
            return "no hit has been checked yet";
        }
        double nines = shown(checked, violations);
        return String.format(
                Locale.ROOT,
                "at least %.1f nines (%s %%) of hits right, with 95 %% confidence: %d checks, %d violations",
                nines,
                percent(nines),
                checked,
                violations);
    }

    private static String percent(double nines) {
        int digits = Math.max(0, (int) Math.ceil(nines) - 1);
        double percent = 100 * (1 - Math.pow(10, -nines));
        double unit = Math.pow(10, digits);
        // Down, never up: this is a lower bound.
        return String.format(Locale.ROOT, "%." + digits + "f", Math.floor(percent * unit + 1e-6) / unit);
    }
}

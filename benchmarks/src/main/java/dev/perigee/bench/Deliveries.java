package dev.perigee.bench;

import java.util.Arrays;
import java.util.Locale;

/** What has arrived where, and when. For one event loop. */
final class Deliveries {

    private static final int MOST_SAMPLES = 8_000_000;

    private final Timeline timeline;
    private final long[] nanos = new long[MOST_SAMPLES];
    private int samples;
    private int from = Integer.MAX_VALUE;
    private int to;
    private boolean counting;
    private long events;
    private long skipped;

    Deliveries(Timeline timeline) {
        this.timeline = timeline;
    }

    /** From now on it counts. */
    void start() {
        samples = 0;
        events = 0;
        skipped = 0;
        from = timeline.size();
        to = Integer.MAX_VALUE;
        counting = true;
    }

    /** What arrives from now on no longer counts as a delivery; how late it was still does. */
    void stop() {
        to = timeline.size();
        counting = false;
    }

    /** The last number that was published while it counted. */
    int last() {
        return to - 1;
    }

    /** Nothing more is expected. */
    void close() {
        from = Integer.MAX_VALUE;
    }

    /**
     * A subscriber has everything up to a number now.
     *
     * @param before what it had; what is between them came with the number, or not at all
     */
    void arrived(int before, int number) {
        if (number < from || number <= before) {
            return;
        }
        if (counting) {
            events++;
            skipped += Math.max(0, number - Math.max(before, from - 1) - 1);
        }
        long now = System.nanoTime();
        for (int each = Math.max(before + 1, from); each <= number && each < to; each++) {
            if (samples < MOST_SAMPLES) {
                nanos[samples++] = timeline.since(each, now);
            }
        }
    }

    /** As the members of a JSON object. */
    String summary(double seconds) {
        Arrays.sort(nanos, 0, samples);
        return String.format(
                Locale.ROOT,
                "\"published\":%d,\"deliveries_per_s\":%.1f,\"deliveries\":%d,\"skipped\":%d,"
                        + "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f",
                to - from,
                events / seconds,
                events,
                skipped,
                millis(0.5),
                millis(0.99),
                millis(1));
    }

    private double millis(double share) {
        return samples == 0 ? -1 : nanos[Math.min(samples - 1, (int) (samples * share))] / 1e6;
    }
}

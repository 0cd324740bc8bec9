package dev.perigee.home.edges;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long commits take to be applied by edges, over the time since it was last asked: what has been added to the
 * histogram of the metric, so that it costs acknowledgements nothing. Not thread-safe.
 */
final class AckLatency {

    private final MeterRegistry meters;
    private CountAtBucket[] before = new CountAtBucket[0];

    AckLatency(MeterRegistry meters) {
        this.meters = meters;
    }

    /**
     * What was measured.
     *
     * @param count how many acknowledgements
     * @param medianMs half of them took no longer, milliseconds; null if there was none
     * @param highMs nor did 99 of 100
     */
    record Summary(
            long count, @Nullable Double medianMs, @Nullable Double highMs) {

        static final Summary NOTHING = new Summary(0, null, null);
    }

    /** Since the last time; nothing the first time. */
    Summary since() {
        Timer timer = meters.find(EdgeMetrics.ACK_TIME).timer();
        CountAtBucket[] now =
                timer == null ? new CountAtBucket[0] : timer.takeSnapshot().histogramCounts();
        CountAtBucket[] last = before;
        before = now;
        if (now.length == 0 || last.length != now.length) {
            return Summary.NOTHING;
        }
        double[] grown = new double[now.length];
        for (int i = 0; i < now.length; i++) {
            grown[i] = now[i].count() - last[i].count();
        }
        double total = grown[now.length - 1];
        return total < 1
                ? Summary.NOTHING
                : new Summary((long) total, quantile(now, grown, total * 0.5), quantile(now, grown, total * 0.99));
    }

    /** The counts are of all up to a bound. */
    private static double quantile(CountAtBucket[] bounds, double[] grown, double rank) {
        int at = 0;
        while (at < bounds.length - 1 && grown[at] < rank) {
            at++;
        }
        // Beyond the last bound nothing is known but that bound.
        double bound = bounds[at].bucket(TimeUnit.MILLISECONDS);
        return Double.isFinite(bound) || at == 0 ? bound : bounds[at - 1].bucket(TimeUnit.MILLISECONDS);
    }
}

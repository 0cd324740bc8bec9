package dev.perigee.home.edges;

import dev.perigee.home.database.ReportBoard;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * How long commits take to be applied by the edges of all homes, over the time since it was last asked: what has been added
 * to the histograms of the metric, so that it costs acknowledgements nothing. Asked by one at a time.
 */
final class AppliedLatency {

    private static final String PART = "latency";

    private final MeterRegistry meters;
    private final ReportBoard board;
    /** Of each home, what it had counted the last time; this one's name is empty. */
    private Map<String, List<Long>> before = Map.of();

    AppliedLatency(MeterRegistry meters, ReportBoard board) {
        this.meters = meters;
        this.board = board;
        board.offer(PART, 1, () -> new Counted(counts(buckets())));
    }

    /** As homes tell each other: how many were no longer than each bound of the histogram. */
    record Counted(List<Long> upTo) {}

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
    Mono<Summary> since() {
        return board.read(PART, Counted.class).map(this::since);
    }

    private Summary since(List<ReportBoard.Posted<Counted>> others) {
        CountAtBucket[] bounds = buckets();
        Map<String, List<Long>> now = new HashMap<>();
        now.put("", counts(bounds));
        others.forEach(other -> now.put(other.homeId(), other.body().upTo()));
        double[] grown = new double[bounds.length];
        now.forEach((home, counts) -> add(grown, before.getOrDefault(home, List.of()), counts));
        before = now;
        double total = grown.length == 0 ? 0 : grown[grown.length - 1];
        return total < 1
                ? Summary.NOTHING
                : new Summary(
                        (long) total, quantile(bounds, grown, total * 0.5), quantile(bounds, grown, total * 0.99));
    }

    /** Nothing of a home of another release, whose bounds are others, or of one that has begun anew. */
    private static void add(double[] grown, List<Long> before, List<Long> now) {
        int last = grown.length - 1;
        if (last >= 0
                && now.size() == grown.length
                && before.size() == grown.length
                && now.get(last) >= before.get(last)) {
            for (int i = 0; i <= last; i++) {
                grown[i] += now.get(i) - before.get(i);
            }
        }
    }

    private CountAtBucket[] buckets() {
        Timer timer = meters.find(EdgeMetrics.APPLIED_TIME).timer();
        return timer == null ? new CountAtBucket[0] : timer.takeSnapshot().histogramCounts();
    }

    private static List<Long> counts(CountAtBucket[] buckets) {
        return Stream.of(buckets).map(bucket -> (long) bucket.count()).toList();
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

package dev.perigee.e2e.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What happened, counted. Thread-safe. */
final class Report {

    private static final int MOST_KEPT = 50;

    private final Map<String, LongAdder> done = new ConcurrentSkipListMap<>();
    private final Map<String, LongAdder> failed = new ConcurrentSkipListMap<>();
    private final Map<Integer, LongAdder> unanswered = new ConcurrentSkipListMap<>();
    private final Map<String, List<Double>> recoveries = new TreeMap<>();
    private final LongAdder checked = new LongAdder();
    private final LongAdder hits = new LongAdder();
    private final LongAdder wireReads = new LongAdder();
    private final LongAdder wireHits = new LongAdder();
    private final AtomicLong violations = new AtomicLong();
    private final Queue<String> kept = new ConcurrentLinkedQueue<>();
    private final Histogram staleness = new Histogram();
    private final Histogram claimed = new Histogram();

    /** A write did what it should. */
    void done(String kind) {
        done.computeIfAbsent(kind, any -> new LongAdder()).increment();
    }

    /** A write was not answered, or not with success. */
    void failed(String kind) {
        failed.computeIfAbsent(kind, any -> new LongAdder()).increment();
    }

    /** A read got no result; 0 if no answer at all. */
    void unanswered(int status) {
        unanswered.computeIfAbsent(status, any -> new LongAdder()).increment();
    }

    void checked(Observation seen, List<Checker.Violation> wrong, long stale) {
        checked.increment();
        staleness.record(stale);
        if (seen.hit()) {
            hits.increment();
            claimed.record(Math.max(0, seen.begun() - seen.claimed()));
        }
        for (Checker.Violation violation : wrong) {
            violation(violation
                    + System.lineSeparator()
                    + (violations.get() < 3 ? seen.register().history(seen.ended()) : ""));
        }
    }

    /** One of those checked was by PostgreSQL's protocol. */
    void overTheWire(boolean hit) {
        wireReads.increment();
        if (hit) {
            wireHits.increment();
        }
    }

    void violation(String what) {
        if (violations.incrementAndGet() <= MOST_KEPT) {
            kept.add(what);
        }
    }

    void recovered(String fault, double seconds) {
        synchronized (recoveries) {
            recoveries.computeIfAbsent(fault, any -> new ArrayList<>()).add(seconds);
        }
    }

    long violations() {
        return violations.get();
    }

    List<String> kept() {
        return List.copyOf(kept);
    }

    private static long sum(Map<?, LongAdder> counts) {
        return counts.values().stream().mapToLong(LongAdder::sum).sum();
    }

    private double hitRatio() {
        return checked.sum() == 0 ? 0 : 100.0 * hits.sum() / checked.sum();
    }

    String progress() {
        return String.format(
                Locale.ROOT,
                "%d writes, %d reads checked, %.0f %% hits, %d violations",
                sum(done),
                checked.sum(),
                hitRatio(),
                violations.get());
    }

    /** The table at the end. */
    String table(Map<String, Double> counters) {
        StringBuilder text = new StringBuilder();
        done.keySet().forEach(kind -> failed.computeIfAbsent(kind, any -> new LongAdder()));
        line(text, "operation", "done", "outcome unknown, or refused");
        failed.forEach((kind, count) -> {
            LongAdder good = done.get(kind);
            line(text, kind, good == null ? "0" : good.toString(), count.toString());
        });
        line(text, "read", checked.toString(), Long.toString(sum(unanswered)) + " " + unanswered);
        text.append('\n');
        line(text, "reads checked", checked.toString(), "");
        line(
                text,
                "of them by PostgreSQL's protocol, and hits",
                wireReads.toString(),
                String.format(Locale.ROOT, "%.1f %%", 100.0 * wireHits.sum() / Math.max(1, wireReads.sum())));
        line(text, "violations", Long.toString(violations.get()), "");
        line(text, "hit ratio", String.format(Locale.ROOT, "%.1f %%", hitRatio()), "");
        line(text, "staleness seen, p50 / p99 / max", quantiles(staleness), "ms");
        line(text, "staleness claimed by hits", quantiles(claimed), "ms");
        counters.forEach((name, value) -> line(text, name, String.format(Locale.ROOT, "%.0f", value), ""));
        text.append('\n');
        line(text, "fault", "times", "until every edge serves hits again, median / max");
        synchronized (recoveries) {
            recoveries.forEach((fault, seconds) -> {
                List<Double> sorted = seconds.stream().sorted().toList();
                line(
                        text,
                        fault,
                        Integer.toString(sorted.size()),
                        String.format(
                                Locale.ROOT,
                                "%.2f / %.2f s",
                                sorted.get((sorted.size() - 1) / 2),
                                sorted.get(sorted.size() - 1)));
            });
        }
        return text.toString();
    }

    private static String quantiles(Histogram histogram) {
        return String.format(
                Locale.ROOT, "%.1f / %.1f / %.1f", histogram.quantile(0.5), histogram.quantile(0.99), histogram.max());
    }

    private static void line(StringBuilder text, String first, String second, String third) {
        text.append(String.format(Locale.ROOT, "  %-44s %20s  %s", first, second, third)
                        .stripTrailing())
                .append('\n');
    }
}

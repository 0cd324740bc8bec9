package dev.perigee.home.edges;

import dev.perigee.model.EdgeCounters;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamEvent;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/** What is counted about one edge, over all its sessions at this home, and with it the totals. Thread-safe. */
final class EdgeTally {

    private final EdgeMetrics totals;
    private final LongAdder framesSent = new LongAdder();
    private final LongAdder conflated = new LongAdder();
    private final LongAdder filtered = new LongAdder();
    private final LongAdder resumes = new LongAdder();
    private final LongAdder resets = new LongAdder();
    private final LongAdder takeovers = new LongAdder();
    private final LongAdder acksLate = new LongAdder();

    EdgeTally(EdgeMetrics totals) {
        this.totals = totals;
    }

    void frameSent(StreamEvent event) {
        framesSent.increment();
        totals.frameSent(event);
    }

    void conflated(long invalidations) {
        if (invalidations > 0) {
            conflated.add(invalidations);
            totals.conflated(invalidations);
        }
    }

    void filtered() {
        filtered.increment();
        totals.filtered();
    }

    void resumed() {
        resumes.increment();
        totals.resumed();
    }

    void reset(Reset.Reason reason) {
        resets.increment();
        totals.reset(reason);
    }

    void takenOver() {
        takeovers.increment();
        totals.takenOver();
    }

    void ackLate() {
        acksLate.increment();
        totals.ackLate();
    }

    void applied(Duration sinceAppended) {
        totals.applied(sinceAppended);
    }

    /** As they stand. Nothing that concerns a connected edge is ever dropped: there is no place to drop it from. */
    EdgeCounters counters() {
        return new EdgeCounters(
                framesSent.sum(),
                conflated.sum(),
                filtered.sum(),
                0,
                resumes.sum(),
                resets.sum(),
                takeovers.sum(),
                acksLate.sum());
    }
}

package dev.perigee.simulation;

import dev.perigee.edge.query.EdgeReads.Answered;
import dev.perigee.simulation.Coverage.Happened;

/** Counts how reads were answered. */
final class Answers {

    private Answers() {}

    static void count(Coverage coverage, Answered answer) {
        String status = answer.cacheStatus();
        coverage.count(answer.isHit() ? Happened.HITS : Happened.MISSES);
        count(coverage, status, "collapsed", Happened.JOINED);
        count(coverage, status, "stored", Happened.STORED);
        count(coverage, status, "not-stored", Happened.ADMISSIONS_REFUSED);
        count(coverage, status, "detail=invalidated", Happened.DEAD_ENTRIES_FOUND);
        count(coverage, status, "detail=max-age", Happened.MAX_AGE_MISSES);
        count(coverage, status, "detail=min-version", Happened.MIN_VERSION_MISSES);
        count(coverage, status, "detail=outside-interest", Happened.OUTSIDE_INTEREST);
        count(coverage, status, "detail=ineligible", Happened.INELIGIBLE);
        if (status.contains("detail=too-stale")) {
            coverage.count(status.contains("fwd=") ? Happened.TOO_STALE_MISSES : Happened.TOO_STALE_REFUSED);
        }
        if (answer.status() == 504) {
            coverage.count(Happened.ONLY_IF_CACHED_REFUSED);
        }
    }

    private static void count(Coverage coverage, String status, String text, Happened what) {
        if (status.contains(text)) {
            coverage.count(what);
        }
    }
}

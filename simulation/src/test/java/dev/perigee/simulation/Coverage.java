package dev.perigee.simulation;

import java.util.EnumMap;
import java.util.Map;
import java.util.StringJoiner;

/** How often what happened: a simulator that never exercises something proves nothing about it. */
final class Coverage {

    enum Happened {
        STEPS,
        READS,
        HITS,
        STALE_IF_ERROR_HITS,
        MISSES,
        JOINED,
        STORED,
        ADMISSIONS_REFUSED,
        DEAD_ENTRIES_FOUND,
        GATE_CLOSED,
        ONLY_IF_CACHED_REFUSED,
        TOO_STALE_REFUSED,
        MAX_AGE_MISSES,
        TOO_STALE_MISSES,
        MIN_VERSION_MISSES,
        OUTSIDE_INTEREST,
        INELIGIBLE,
        S1_CHECKS,
        S2_CHECKS,
        S3_CHECKS,
        S3_HITS,
        S4_CHECKS,
        CONVERGED,
        COMMITS,
        ASYNC_COMMITS,
        SYNC_WAITS,
        ROLLBACKS,
        LONG_TRANSACTIONS,
        DDL,
        MANUAL_INVALIDATIONS,
        WRITES_THROUGH_EDGES,
        OUTCOMES_UNKNOWN,
        CRASHES,
        FAILOVERS,
        COMMITS_UNDONE,
        EPOCHS,
        XID_WRAPS,
        SLOTS_LOST,
        ERAS,
        FEEDS_RESUMED,
        FEED_SESSIONS,
        GATE_OPENED_LATE,
        HOME_KILLS,
        HOME_DRAINS,
        HOME_FREEZES,
        EDGE_RESTARTS,
        EDGE_FREEZES,
        TAKEOVERS,
        TWINS,
        EVICTIONS,
        PRUNED,
        ELIGIBILITY_CHANGES,
        REGISTRATIONS,
        REFUSED_REGISTRATIONS,
        STRAY_REGISTRATIONS,
        RESUMES,
        RESETS_NEW,
        RESETS_COMPACTED,
        RESETS_EPOCH,
        RESETS_AHEAD,
        AHEAD_OF_HOME,
        FLUSHES,
        CUTS,
        HALF_OPEN,
        CUT_FRAMES,
        DUPLICATED_FRAMES,
        GARBLED_FRAMES,
        SWAPPED_FRAMES,
        CUTS_AFTER_RECORDS,
        FEEDS_HELD,
        CRASH_LOOPS,
        INTEREST_CHANGES,
        LOST_ACKS,
        DUPLICATED_ACKS,
        LATE_ACKS,
        FENCED_ACKS,
        WINDOWS_FULL,
        SLOW_LINKS,
        BROKEN_ACTIONS
    }

    private final Map<Happened, long[]> counts = new EnumMap<>(Happened.class);

    Coverage() {
        for (Happened each : Happened.values()) {
            counts.put(each, new long[1]);
        }
    }

    void count(Happened what) {
        counts.get(what)[0]++;
    }

    void count(Happened what, long times) {
        counts.get(what)[0] += times;
    }

    long of(Happened what) {
        return counts.get(what)[0];
    }

    /** Not to be called by two threads at once. */
    void add(Coverage other) {
        counts.forEach((what, count) -> count[0] += other.of(what));
    }

    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(", ");
        counts.forEach((what, count) -> text.add(what.name().toLowerCase(java.util.Locale.ROOT) + " " + count[0]));
        return text.toString();
    }
}

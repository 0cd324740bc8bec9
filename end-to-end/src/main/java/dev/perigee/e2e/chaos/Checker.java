package dev.perigee.e2e.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Compares what readers saw with what writers know. Where the truth is not known, nothing is held against an answer. */
final class Checker {

    /** What an answer can be guilty of. */
    enum Rule {
        /** It is not what the statement yields. */
        MALFORMED,
        /** Two rows that are written together do not agree. */
        TORN,
        /** It was written by a transaction that was rolled back. */
        ROLLED_BACK,
        /** Nobody has written it. */
        UNWRITTEN,
        /** It had been undone by a crash, before the time of which the answer claims to be. */
        UNDONE,
        /** It misses what was certain at the time of which the answer claims to be. */
        STALE,
        /** It misses what was at or below its version. */
        BEHIND_ITS_VERSION,
        /** It misses the write, or the answer, whose version was asked for. */
        BEHIND_THE_TOKEN,
        /** It claims to be of a time after it arrived. */
        FROM_THE_FUTURE
    }

    /** How far two readings of the wall clock by two processes may be apart. */
    static final long CLOCK_SLACK_NANOS = 20_000_000;

    /** An answer, and why it is wrong. */
    record Violation(Rule rule, Observation observation, String why) {

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%s: %s at %s gave %s, %s; %s",
                    rule,
                    observation.register().name,
                    observation.where(),
                    observation.values(),
                    observation.text(),
                    why);
        }
    }

    private Checker() {}

    /** What is wrong with it; empty if nothing is. */
    static List<Violation> check(Observation seen) {
        List<Violation> wrong = new ArrayList<>();
        Register register = seen.register();
        if (seen.values().size() != register.width()) {
            wrong.add(new Violation(Rule.MALFORMED, seen, "expected " + register.width() + " numbers"));
            return wrong;
        }
        long value = seen.values().get(0);
        if (seen.values().stream().anyMatch(it -> it < 0)) {
            wrong.add(new Violation(Rule.ROLLED_BACK, seen, "which was never committed"));
        }
        if (seen.values().stream().distinct().count() > 1) {
            wrong.add(new Violation(Rule.TORN, seen, "which are written in one transaction"));
        }
        long ceiling = register.ceiling();
        if (value > ceiling) {
            wrong.add(new Violation(Rule.UNWRITTEN, seen, "but only " + ceiling + " were ever begun"));
        }
        if (seen.claimed() > seen.ended() + CLOCK_SLACK_NANOS) {
            wrong.add(
                    new Violation(Rule.FROM_THE_FUTURE, seen, "claims to be of " + ago(seen.ended(), seen.claimed())));
        }
        long floor = register.floor(seen.claimed());
        if (value < floor) {
            wrong.add(new Violation(
                    Rule.STALE,
                    seen,
                    "but claims to be of " + ago(seen.ended(), seen.claimed()) + " before it arrived, when " + floor
                            + " was certain; outdated since "
                            + ago(seen.ended(), outdatedSince(register, value, seen.ended()))));
        }
        if (register.undoneBefore(value, seen.claimed())) {
            wrong.add(new Violation(Rule.UNDONE, seen, "which a crash had undone"));
        }
        checkVersions(seen, value, wrong);
        return wrong;
    }

    private static void checkVersions(Observation seen, long value, List<Violation> wrong) {
        Register register = seen.register();
        Register.Position position = seen.position();
        if (position != null) {
            long floor = register.floor(position);
            if (value < floor) {
                wrong.add(new Violation(
                        Rule.BEHIND_ITS_VERSION, seen, "but by " + position + " it was " + floor + " already"));
            }
        }
        Register.Token wanted = seen.wanted();
        // What a crash has undone, no token brings back.
        if (wanted != null && register.shape != Register.Shape.LOSSY) {
            long floor = Math.max(wanted.value(), register.floor(wanted.position()));
            if (value < floor) {
                wrong.add(new Violation(
                        Rule.BEHIND_THE_TOKEN,
                        seen,
                        "but was asked for " + wanted.position() + ", which includes " + floor));
            }
        }
    }

    /** How long the value had been outdated when it was asked for, in nanoseconds; 0 if it was not. */
    static long staleness(Observation seen) {
        if (seen.values().isEmpty()) {
            return 0;
        }
        return Math.max(
                0, seen.begun() - outdatedSince(seen.register(), seen.values().get(0), seen.begun()));
    }

    private static long outdatedSince(Register register, long value, long otherwise) {
        Long since = register.outdatedSince(value);
        return since == null ? otherwise : since;
    }

    private static String ago(long now, long then) {
        return String.format(Locale.ROOT, "%.1f ms", (now - then) / 1e6);
    }
}

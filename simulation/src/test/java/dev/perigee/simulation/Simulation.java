package dev.perigee.simulation;

import dev.perigee.simulation.Schedule.Action;
import java.util.BitSet;
import java.util.Locale;

/**
 * A deterministic simulation of homes, edges, their database and the network between them: the real core, and one seed
 * for everything else. The same seed gives the same run, step by step.
 */
public final class Simulation {

    private static final int LINES = 250;

    private Simulation() {}

    /**
     * Runs a seed.
     *
     * @return null if all is well; otherwise what is wrong, when, and how it came to that, shrunk
     */
    public static String run(long seed) {
        return run(seed, new Coverage());
    }

    static String run(long seed, Coverage coverage) {
        Schedule schedule = Schedule.of(seed);
        Throwable wrong = attempt(seed, schedule, coverage);
        return wrong == null ? null : explain(seed, schedule, kind(wrong));
    }

    private static Throwable attempt(long seed, Schedule schedule, Coverage coverage) {
        try {
            new Run(seed, schedule, coverage, 0).run();
            return null;
        } catch (RuntimeException | AssertionError wrong) {
            return wrong;
        }
    }

    /** Which check has failed, or which exception it is. */
    private static String kind(Throwable wrong) {
        String message = String.valueOf(wrong.getMessage());
        return message.startsWith("(")
                ? message.substring(0, message.indexOf(')'))
                : wrong.getClass().getName();
    }

    private static boolean fails(long seed, Schedule schedule, String kind) {
        Throwable wrong = attempt(seed, schedule, new Coverage());
        return wrong != null && kind(wrong).equals(kind);
    }

    /** Leaves out what this failure does not need: halves at first, in the end one by one. */
    private static String explain(long seed, Schedule whole, String kind) {
        int count = whole.actions().size();
        BitSet left = new BitSet(count);
        for (int size = count / 2; size > 0; size /= 2) {
            for (int from = 0; from < count; from += size) {
                BitSet tried = (BitSet) left.clone();
                tried.set(from, Math.min(count, from + size));
                if (tried.cardinality() > left.cardinality() && fails(seed, whole.without(tried), kind)) {
                    left = tried;
                }
            }
        }
        Schedule shrunk = whole.without(left);
        return trace(seed, shrunk, LINES);
    }

    /** The whole story of a run, which is the same each time. */
    static String trace(long seed, Schedule schedule, int lines) {
        Throwable wrong;
        Run run;
        try {
            run = new Run(seed, schedule, new Coverage(), lines);
        } catch (RuntimeException | AssertionError failure) {
            return "Seed " + seed + ": " + failure;
        }
        try {
            run.run();
            wrong = null;
        } catch (RuntimeException | AssertionError failure) {
            wrong = failure;
        }
        StringBuilder text = new StringBuilder();
        text.append("Seed ")
                .append(seed)
                .append(", step ")
                .append(run.world().steps)
                .append(": ")
                .append(wrong);
        if (wrong != null && !(wrong instanceof AssertionError)) {
            for (StackTraceElement at : wrong.getStackTrace()) {
                text.append("\n    at ").append(at);
            }
        }
        text.append("\nWhat it takes:");
        for (Action action : schedule.actions()) {
            text.append(String.format(
                    Locale.ROOT, "%n  %3d %12.6f %s", action.number(), action.time() / 1e9, action.kind()));
        }
        text.append("\nThe last steps:");
        run.world().trace().forEach(line -> text.append("\n  ").append(line));
        return text.append('\n').toString();
    }
}

package dev.perigee.simulation;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/**
 * Time, chance and the order of events. There is one true clock, which nobody in the simulation can read; whatever
 * happens is an event at a time of it, and one step. Everything depends on the seed alone.
 */
final class World {

    private static final int MOST_STEPS = 50_000;

    /** In which process it takes place; null if nobody can hold it up. Unless it is still wanted then, it is no step. */
    private record Event(
            long time, long number, SimProcess process, String what, BooleanSupplier wanted, Runnable task) {}

    final Dice dice;
    final Coverage coverage;
    /** Without a registry behind it: nobody reads the meters. */
    final MeterRegistry meters = new CompositeMeterRegistry();

    long now;
    long steps;
    private long scheduled;
    private Throwable wrong;
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(64, Comparator.comparingLong(Event::time).thenComparingLong(Event::number));
    private final int lines;
    private final Deque<String> trace;
    private Runnable afterStep = () -> {};

    /**
     * A world before anything has happened.
     *
     * @param lines how many lines of what happened last are kept for people to read; 0 for none, which is faster
     */
    World(long seed, Coverage coverage, int lines) {
        this.dice = new Dice(seed);
        this.coverage = coverage;
        this.lines = lines;
        this.trace = lines > 0 ? new ArrayDeque<>() : null;
    }

    void schedule(SimProcess process, long delay, String what, Runnable task) {
        scheduleQuietly(process, delay, what, () -> true, task);
    }

    void scheduleQuietly(SimProcess process, long delay, String what, BooleanSupplier wanted, Runnable task) {
        events.add(new Event(now + Math.max(0, delay), scheduled++, process, what, wanted, task));
    }

    /** Is run after every step. */
    void afterStep(Runnable check) {
        this.afterStep = check;
    }

    /** The next event; false if there is none up to that time. */
    boolean step(long until) {
        Event event = events.peek();
        if (event == null || event.time > until) {
            now = Math.max(now, until);
            return false;
        }
        events.poll();
        SimProcess process = event.process;
        if ((process != null && !process.alive) || !event.wanted.getAsBoolean()) {
            return true;
        }
        if (process != null && process.frozenUntil() > event.time) {
            // In the order in which they came: the queue goes by number among equals.
            events.add(new Event(process.frozenUntil(), event.number, process, event.what, event.wanted, event.task));
            return true;
        }
        now = event.time;
        steps++;
        if (steps > MOST_STEPS) {
            throw new AssertionError("(L1) no end after " + MOST_STEPS + " steps");
        }
        if (traced()) {
            say(process == null ? "" : process.name, event.what);
        }
        event.task.run();
        afterStep.run();
        if (wrong != null) {
            throw new AssertionError(wrong.getMessage(), wrong);
        }
        return true;
    }

    /** Something is wrong, found where nobody would hear of an exception. */
    void wrong(Throwable found) {
        if (wrong == null) {
            wrong = found;
        }
    }

    void runUntil(long time) {
        boolean more = true;
        while (more) {
            more = step(time);
        }
    }

    boolean traced() {
        return trace != null;
    }

    /** Only if {@link #traced}: whoever calls it builds a text. */
    void say(String who, String what) {
        if (trace != null) {
            if (trace.size() == lines) {
                trace.removeFirst();
            }
            trace.addLast(String.format(Locale.ROOT, "%6d %12.6f %-8s %s", steps, now / 1e9, who, what));
        }
    }

    Iterable<String> trace() {
        return trace;
    }
}

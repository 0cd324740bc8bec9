package dev.perigee.edge.pgwire;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a session, and since when. Everything forwarded gets a number. What may have changed the session, or data,
 * is remembered by its number; a {@link Probe} that was sent after it, and answered, makes up for it. A statement that home is
 * still being asked about counts as such until home has said that it is harmless.
 *
 * <p>For one session's thread.
 */
final class SessionState {

    private static final int MOST_UNJUDGED = 16;
    private static final int MOST_CUSTOM = 32;
    private static final int MOST_FAILURES = 3;

    private long sequence;
    private long knownAt = -1;
    /** The first and the last that may have changed something since. */
    private long firstTouch = Long.MAX_VALUE;

    private long lastTouch;
    private final Deque<Long> unjudged = new ArrayDeque<>();
    private final Set<String> custom = new TreeSet<>();
    private @Nullable SessionContext context;
    private long position;
    private int failures;
    private boolean tooManyCustom;

    /** Numbers what is forwarded now. */
    long next() {
        return ++sequence;
    }

    /** The number of what was forwarded last. */
    long sequence() {
        return sequence;
    }

    /** What was forwarded under this number may have changed session or data. */
    void touched(long number) {
        if (number > knownAt) {
            firstTouch = Math.min(firstTouch, number);
            lastTouch = Math.max(lastTouch, number);
        }
    }

    /** Home is being asked whether what was forwarded under this number may have changed anything. */
    void ask(long number) {
        if (unjudged.size() >= MOST_UNJUDGED) {
            touched(number);
        } else {
            unjudged.add(number);
        }
    }

    /** Home has answered. */
    void judged(long number, boolean harmless) {
        if (unjudged.remove(number) && !harmless) {
            touched(number);
        }
    }

    /** Settings that a statement seems to set. */
    void sets(Set<String> names) {
        custom.addAll(names);
        // Forgetting one would be wrong.
        tooManyCustom |= custom.size() > MOST_CUSTOM;
    }

    Set<String> customSettings() {
        return custom;
    }

    /** Whether a probe would help, and may be sent. */
    boolean wantsProbe() {
        return (knownAt < 0 || lastTouch > knownAt) && failures < MOST_FAILURES && !tooManyCustom;
    }

    /** What the session was at a number, if nothing is in doubt that was forwarded before it; null if something is. */
    @Nullable
    SessionContext contextAt(long number) {
        return knownAt < 0 || isInDoubtBefore(number) ? null : context;
    }

    /** Whether something forwarded since the last probe, and before this number, may have changed session or data. */
    private boolean isInDoubtBefore(long number) {
        if (firstTouch < number) {
            return true;
        }
        for (long asked : unjudged) {
            if (asked > knownAt && asked < number) {
                return true;
            }
        }
        return false;
    }

    /** What the session is now; null if that is in doubt. */
    @Nullable
    SessionContext context() {
        return contextAt(Long.MAX_VALUE);
    }

    /**
     * What the session is now unless home finds one of the statements that it is still being asked about to have changed
     * it; null if that is in doubt all the same. Good for asking home about another statement: if an earlier one has
     * changed the session, there will be a probe after both.
     */
    @Nullable
    SessionContext presumed() {
        return knownAt < 0 || firstTouch < Long.MAX_VALUE ? null : context;
    }

    /** The context is no longer good: the catalog has changed. */
    void outdated() {
        touched(++sequence);
    }

    /** What the session has committed is at or below this; 0 as long as it cannot have committed anything. */
    long position() {
        return position;
    }

    /** A probe was answered. */
    void known(Probe probe, Probe.Answer answer) {
        if (isInDoubtBefore(probe.sentAt() + 1)) {
            position = Math.max(position, answer.position());
        }
        knownAt = probe.sentAt();
        firstTouch = lastTouch > knownAt ? knownAt + 1 : Long.MAX_VALUE;
        context = answer.context();
        failures = 0;
    }

    /** A probe was not answered. */
    void failed() {
        failures++;
    }
}

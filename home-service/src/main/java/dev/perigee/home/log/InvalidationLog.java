package dev.perigee.home.log;

import dev.perigee.model.InvalidationEvent;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What changed, and when: one per home, written by the WAL feed, read by every edge session through a cursor of its
 * own.
 *
 * <p>Versions compare only within an epoch, so the log is a sequence of {@link EpochLog}s of which only the newest is
 * kept. A session that holds an older one must reset its edge.
 *
 * <p>One thread writes, any number read.
 */
public final class InvalidationLog {

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final LongSupplier nanoTime;
    private volatile @Nullable EpochLog current;

    /** Empty; it {@linkplain #begin begins} when the feed is first connected. */
    public InvalidationLog() {
        this(System::nanoTime);
    }

    /**
     * As {@link #InvalidationLog()}, with a clock.
     *
     * @param nanoTime monotonic, nanoseconds
     */
    public InvalidationLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** The log of the present epoch, or null before the feed was first connected. */
    public @Nullable EpochLog current() {
        return current;
    }

    /**
     * The feed has (re)connected and sees every commit from this position on. If some between the old head and it may
     * have been missed, every table may have changed; in another epoch, nothing known before counts.
     *
     * @param epoch the database's present epoch
     * @param consistentPoint where the feed is complete from: a commit record may begin exactly there
     * @return whether anything had to be given up; false if nothing was missed
     */
    public boolean begin(String epoch, long consistentPoint, Instant now) {
        // What is known is everything before that position, and the very next commit must find room above it.
        long known = Math.max(0, consistentPoint - 1);
        EpochLog log = current;
        if (log == null || !log.epoch().equals(epoch)) {
            current = new EpochLog(epoch, known);
        } else if (!log.append(new InvalidationEvent(known, List.of(), now), nanoTime.getAsLong())) {
            return false;
        }
        changed();
        return true;
    }

    /**
     * Adds a record and moves the head. A record at or below the head is known already and changes nothing.
     *
     * @param headVersion everything up to it has been decoded; at least the event's version
     */
    public void append(InvalidationEvent event, long headVersion) {
        EpochLog log = require();
        boolean added = log.append(event, nanoTime.getAsLong());
        if (log.advance(headVersion) || added) {
            changed();
        }
    }

    /** Moves the head without a record: everything up to this version has been decoded. */
    public void advance(long headVersion) {
        if (require().advance(headVersion)) {
            changed();
        }
    }

    /** Calls back, on the writing thread, whenever the log has changed. The callback must neither block nor throw. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }

    private EpochLog require() {
        EpochLog log = current;
        if (log == null) {
            throw new IllegalStateException("the log has not begun");
        }
        return log;
    }

    private void changed() {
        listeners.forEach(Runnable::run);
    }
}

package dev.perigee.home.edges;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.LogRecord;
import dev.perigee.model.Interest;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamPosition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far one edge has been brought in the log, and what of it comes next that is in its interest.
 *
 * <p>The cursor may be ahead of this home, which has then decoded less than the home that gave it. The edge lacks nothing
 * that is decoded here before the log has reached its cursor; until then there is nothing to say.
 *
 * <p>Not thread-safe. Times are home's monotonic clock in nanoseconds.
 */
final class LogCursor {

    private final Interest interest;
    private final EdgeTally tally;
    private EpochLog log;
    private long version;
    /** Records up to this ordinal were there before the session: neither conflation nor latency is counted for them. */
    private long ordinalAtStart;

    private long lastOrdinal;
    /** Since when the log has been behind the cursor, or null if it is not. */
    private @Nullable Long aheadSince;

    LogCursor(EpochLog log, Interest interest, EdgeTally tally) {
        this.log = log;
        this.interest = interest;
        this.tally = tally;
    }

    EpochLog log() {
        return log;
    }

    /** Everything up to here has been passed. */
    long version() {
        return version;
    }

    /** The place of a version in the log. */
    StreamPosition position(long of) {
        return log.position(of);
    }

    /** Another log, or this one from now on. The version is as it was: of which log it is, its user knows. */
    void adopt(EpochLog present) {
        log = present;
        aheadSince = null;
        countFromHere();
    }

    private void countFromHere() {
        ordinalAtStart = log.appended();
        lastOrdinal = ordinalAtStart;
    }

    /** Why the log does not go on from there; null if it does. */
    Reset.@Nullable Reason whyUnusable(@Nullable StreamPosition from) {
        if (from == null) {
            return Reset.Reason.NEW;
        }
        if (!from.epoch().equals(log.epoch())) {
            return Reset.Reason.EPOCH;
        }
        return from.version() < log.start() ? Reset.Reason.COMPACTED : null;
    }

    /** Goes on from a version that is usable. */
    void resume(long from, long now) {
        version = from;
        aheadSince = version > log.head() ? now : null;
    }

    /** To the head of the log as it stands; gives it. */
    long skipToHead() {
        aheadSince = null;
        version = log.head();
        return version;
    }

    /** Everything up to a head that was read before {@link #next} had nothing more is passed. */
    void completed(long head) {
        version = head;
    }

    /** Whether the log is behind the cursor. */
    boolean ahead() {
        return aheadSince != null;
    }

    /** Whether it is so no more, or how long it has been so: negative, or nanoseconds. */
    long aheadFor(long now) {
        Long since = aheadSince;
        if (since == null) {
            return -1;
        }
        if (log.head() >= version) {
            aheadSince = null;
            countFromHere();
            return -1;
        }
        return now - since;
    }

    /** The next record of interest. Those without are passed over: nobody needs to know. Null at the end of the log. */
    @Nullable
    LogRecord next() {
        LogRecord record = log.after(version);
        while (record != null && !isOfInterest(record.event())) {
            pass(record);
            tally.filtered();
            record = log.after(version);
        }
        return record;
    }

    private boolean isOfInterest(InvalidationEvent event) {
        return interest.isEverything()
                || event.concernsAllTables()
                || event.tables().stream().anyMatch(interest::covers);
    }

    /** Moves past a record; gives whether it was appended while there was a session to send it. */
    boolean pass(LogRecord record) {
        version = record.event().upToVersion();
        boolean appendedMeanwhile = record.ordinal() > ordinalAtStart;
        if (appendedMeanwhile) {
            tally.conflated(record.ordinal() - lastOrdinal - 1);
            lastOrdinal = record.ordinal();
        }
        return appendedMeanwhile;
    }

    /** What of an invalidation is of interest. */
    InvalidationEvent ofInterest(InvalidationEvent event) {
        List<String> tables = interest.of(event.tables());
        return tables.size() == event.tables().size()
                ? event
                : new InvalidationEvent(event.upToVersion(), tables, event.committedAt());
    }
}

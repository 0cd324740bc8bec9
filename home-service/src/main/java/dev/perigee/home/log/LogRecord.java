package dev.perigee.home.log;

import dev.perigee.model.InvalidationEvent;
import java.util.List;

/** One record of the log. Immutable. */
public final class LogRecord {

    private final InvalidationEvent event;
    private final long ordinal;
    private final long appendedAt;

    LogRecord(InvalidationEvent event, long ordinal, long appendedAt) {
        this.event = event;
        this.ordinal = ordinal;
        this.appendedAt = appendedAt;
    }

    /** What changed. */
    public InvalidationEvent event() {
        return event;
    }

    /** Its place among all records ever appended to its log, from 1 without a gap; compaction does not change it. */
    public long ordinal() {
        return ordinal;
    }

    /** When it was appended, by home's monotonic clock, nanoseconds. */
    public long appendedAt() {
        return appendedAt;
    }

    LogRecord with(List<String> tables) {
        return new LogRecord(
                new InvalidationEvent(event.upToVersion(), tables, event.committedAt()), ordinal, appendedAt);
    }
}

package dev.perigee.home.log;

import dev.perigee.model.InvalidationEvent;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One record of the log, with its encoding made once and shared by all sessions. Thread-safe: a race encodes twice, to
 * the same text.
 */
public final class LogRecord {

    private final InvalidationEvent event;
    private final long ordinal;
    private final long appendedAt;
    private volatile @Nullable String encoded;

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

    /** The event as it goes over the wire. */
    public String encoded(Function<InvalidationEvent, String> encoder) {
        String text = encoded;
        if (text == null) {
            text = encoder.apply(event);
            encoded = text;
        }
        return text;
    }

    LogRecord with(List<String> tables) {
        return new LogRecord(
                new InvalidationEvent(event.upToVersion(), tables, event.committedAt()), ordinal, appendedAt);
    }
}

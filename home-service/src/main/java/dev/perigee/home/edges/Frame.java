package dev.perigee.home.edges;

import dev.perigee.home.log.LogRecord;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One Server-Sent Event, before it is written.
 *
 * @param id its place in the log; null if it has none, and then it counts for no window and needs no acknowledgement
 * @param event what it says; null for a comment, which only shows that the stream lives
 * @param record where an invalidation comes from: its encoding is shared by all sessions
 */
record Frame(
        @Nullable StreamPosition id,
        @Nullable StreamEvent event,
        @Nullable LogRecord record) {

    /** Says nothing. */
    static final Frame COMMENT = new Frame(null, null, null);

    static Frame of(@Nullable StreamPosition id, StreamEvent event) {
        return new Frame(id, event, null);
    }

    static Frame of(String epoch, LogRecord record) {
        InvalidationEvent event = record.event();
        return new Frame(new StreamPosition(epoch, event.upToVersion()), event, record);
    }

    /** The data of the frame, or null if it has none. */
    @Nullable
    String data(Function<Object, String> encoder) {
        if (record != null) {
            return record.encoded(encoder::apply);
        }
        return event == null ? null : encoder.apply(event);
    }
}

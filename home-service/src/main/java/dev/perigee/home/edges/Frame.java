package dev.perigee.home.edges;

import dev.perigee.model.Hello;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import org.jspecify.annotations.Nullable;

/**
 * One Server-Sent Event, before it is written.
 *
 * @param id its place in the log; null if it has none, and then it counts for no window and needs no acknowledgement
 * @param event what it says; null for a comment, which only shows that the stream lives
 */
record Frame(@Nullable StreamPosition id, @Nullable StreamEvent event) {

    /** Says nothing. */
    static final Frame COMMENT = new Frame(null, null);

    /** Whether another edge may be sent the very same: all but the greeting, which names the session. */
    boolean shared() {
        return !(event instanceof Hello);
    }
}

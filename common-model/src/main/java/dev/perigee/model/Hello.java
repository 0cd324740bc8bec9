package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * The first frame of every stream, sent at once.
 *
 * @param generation fences this session: a later registration of the same edge has a higher one
 * @param epoch the epoch of every version that follows
 * @param homeId the home that holds the stream
 * @param resumedFrom the version after which the stream carries on, or null when a reset follows
 * @param heartbeatMs how often a frame is to be expected at the least, milliseconds
 * @param window how many frames may be unacknowledged before home waits
 */
public record Hello(
        long generation,
        String epoch,
        String homeId,
        @Nullable Long resumedFrom,
        long heartbeatMs,
        int window) implements StreamEvent {

    /** The {@code event:} field. */
    public static final String EVENT = "hello";

    @Override
    public String eventName() {
        return EVENT;
    }
}

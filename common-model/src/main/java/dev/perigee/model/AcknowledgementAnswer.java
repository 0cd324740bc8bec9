package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * What an edge needs to know how stale it is, in durations alone. An edge that sent the acknowledgement at its own t0
 * and has been brought up to {@code upToVersion} had every commit up to {@code t0 - feedAgeMs}.
 *
 * @param upToVersion the head of home's log now
 * @param feedAgeMs how long ago home sent the WAL heartbeat that it last read back, milliseconds;
 *     {@link #AGE_UNKNOWN} when this answer proves nothing
 * @param report true if somebody watches and an {@link EdgeReport} is wanted; null or false if not
 * @param spreadMs over how long the edges of this home spread what they acknowledge, milliseconds: all of them hear of
 *     a heartbeat at once; null if they need not
 */
public record AcknowledgementAnswer(
        long upToVersion,
        long feedAgeMs,
        @Nullable Boolean report,
        @Nullable Integer spreadMs) {

    /**
     * Nothing was ever read back, or the edge has not yet acknowledged the reset that took it into the present epoch,
     * whose versions do not compare with those it had.
     */
    public static final long AGE_UNKNOWN = Long.MAX_VALUE;

    /** That wants no report, and no spreading. */
    public AcknowledgementAnswer(long upToVersion, long feedAgeMs) {
        this(upToVersion, feedAgeMs, null, null);
    }
}

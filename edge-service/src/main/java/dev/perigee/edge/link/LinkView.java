package dev.perigee.edge.link;

import dev.perigee.model.Capacity;
import dev.perigee.model.Eligibility;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the link knows at one moment. Published only after everything it speaks of has been applied to the watermarks:
 * whoever reads the view first and the watermarks after it may rely on both. Immutable.
 *
 * @param status whether there is a stream now
 * @param cursor the last frame applied, from which to resume
 * @param completeTo every change at or below it has been applied; null until home has said so in this process, or since
 *     something may have been missed: then nothing may be served from memory
 * @param visible every snapshot that the primary takes from now on sees everything at or below it; null if home does not
 *     know, or has not said so
 * @param currentAsOf every commit before this moment has been applied; monotonic, nanoseconds; null if that is not known
 * @param generation of the session, 0 without one
 * @param homeId the home that holds the stream, null without one
 * @param eligibility what the operator last said of this edge; until then, that it may cache
 * @param lastError why there is no stream, or why the last one ended
 */
public record LinkView(
        Status status,
        @Nullable StreamPosition cursor,
        @Nullable StreamPosition completeTo,
        @Nullable StreamPosition visible,
        @Nullable Long currentAsOf,
        long generation,
        @Nullable String homeId,
        Eligibility eligibility,
        @Nullable String lastError) {

    private static final long NANOS_BELOW_ONE_MS = 999_999;

    /** Whether there is a stream. */
    public enum Status {
        /** Not started, or shutting down. */
        STOPPED,
        /** Home could not be reached or the stream ended; another attempt will follow. */
        WAITING,
        /** Asking home for the stream. */
        CONNECTING,
        /** Frames arrive. */
        STREAMING
    }

    /** What holds until home has said anything else. */
    public static final Eligibility UNRESTRICTED = new Eligibility(true, Capacity.UNSPECIFIED);

    /** Of a link that has not begun. */
    public static final LinkView INITIAL =
            new LinkView(Status.STOPPED, null, null, null, null, 0, null, UNRESTRICTED, null);

    /** How far behind the commits the edge may be at the most, nanoseconds; the largest possible value if unknown. */
    public long staleness(long now) {
        Long asOf = currentAsOf;
        return asOf == null ? Long.MAX_VALUE : Math.max(0, now - asOf);
    }

    /** The same in milliseconds, rounded up; null if unknown. */
    public @Nullable Long stalenessMs(long now) {
        long nanos = staleness(now);
        return nanos == Long.MAX_VALUE
                ? null
                : Duration.ofNanos(nanos + NANOS_BELOW_ONE_MS).toMillis();
    }
}

package dev.perigee.home.query;

import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request.
 *
 * @param body JSON
 * @param reason why it may not be kept, or null if it may
 * @param version of a cacheable read, what it includes at least; of what may be a write, what includes it; null if
 *     unknown
 * @param tables what a cacheable read depends on
 * @param ttl how long it may be kept at the most, or null for the edge to say
 * @param readBefore nothing above it is in the result; null if it was not asked for, or is not known
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes go from hand to hand once, and nobody compares them
record Answer(
        byte[] body,
        @Nullable Reason reason,
        @Nullable StreamPosition version,
        Set<String> tables,
        @Nullable Duration ttl,
        @Nullable StreamPosition readBefore) {

    Answer(
            byte[] body,
            @Nullable Reason reason,
            @Nullable StreamPosition version,
            Set<String> tables,
            @Nullable Duration ttl) {
        this(body, reason, version, tables, ttl, null);
    }

    /** The same, and nothing above this position is in the result. */
    Answer readBefore(@Nullable StreamPosition position) {
        return new Answer(body, reason, version, tables, ttl, position);
    }
}

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
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes go from hand to hand once, and nobody compares them
record Answer(
        byte[] body,
        @Nullable Reason reason,
        @Nullable StreamPosition version,
        Set<String> tables,
        @Nullable Duration ttl) {}

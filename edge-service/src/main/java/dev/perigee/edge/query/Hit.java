package dev.perigee.edge.query;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.model.StreamPosition;
import java.time.Instant;

/**
 * An answer from memory.
 *
 * @param version everything at or below it is in the result
 * @param ageSeconds how long ago the result was last known to be current
 * @param asOf when that was
 * @param cacheStatus how the edge came to its answer (RFC 9211)
 */
record Hit(CachedResult result, StreamPosition version, long ageSeconds, Instant asOf, String cacheStatus) {}

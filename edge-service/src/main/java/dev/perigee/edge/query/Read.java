package dev.perigee.edge.query;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.QueryKey;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.MinVersion;
import org.jspecify.annotations.Nullable;

/**
 * A request to {@code /api/query}. It may turn out to be a write.
 *
 * @param key what is asked
 * @param body the same as it came
 * @param control how it is asked
 * @param minVersion what the answer must not miss
 */
record Read(
        QueryKey key,
        Body body,
        CacheControl control,
        @Nullable MinVersion minVersion) {

    /**
     * Whether a result that no watermark speaks against contains what it must not miss: either it was read late enough,
     * or every change up to that version is known here, and none of them concerned it.
     *
     * @param completeTo every change at or below it has been applied to the watermarks
     */
    boolean isSatisfiedBy(CachedResult result, StreamPosition completeTo) {
        return minVersion == null
                || minVersion.coveredBy(result.readAt())
                || (result.epoch().equals(completeTo.epoch()) && minVersion.coveredBy(completeTo));
    }

    /** The bytes of a request. */
    static final class Body {
        private final byte[] bytes;

        Body(byte[] bytes) {
            this.bytes = bytes;
        }

        byte[] bytes() {
            return bytes;
        }
    }
}

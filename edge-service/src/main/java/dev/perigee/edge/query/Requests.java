package dev.perigee.edge.query;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.perigee.edge.cache.QueryKey;
import dev.perigee.model.QueryRequest;
import dev.perigee.web.WireJson;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * What the bodies of requests ask for: those that come again and again are not parsed each time. Thread-safe, bounded.
 */
final class Requests {

    private static final int MOST_BYTES = 16 * 1024 * 1024;
    private static final int LONGEST = 4096;
    private static final int OVERHEAD = 100;

    private final Cache<Bytes, QueryKey> known = Caffeine.newBuilder()
            .maximumWeight(MOST_BYTES)
            .weigher((Bytes body, QueryKey key) -> OVERHEAD + body.bytes.length + key.weight())
            .build();

    /** Equal if the bytes are. */
    private static final class Bytes {
        private final byte[] bytes;
        private final int hash;

        Bytes(byte[] bytes) {
            this.bytes = bytes;
            this.hash = Arrays.hashCode(bytes);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Bytes body && hash == body.hash && Arrays.equals(bytes, body.bytes);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /** What was asked with these very bytes, if that is known; may parse them. Null if they are no request. */
    @Nullable
    QueryKey read(byte[] body) {
        Bytes bytes = new Bytes(body);
        QueryKey key = known.getIfPresent(bytes);
        if (key != null) {
            return key;
        }
        try {
            QueryRequest request = WireJson.mapper().readValue(body, QueryRequest.class);
            if (request == null) {
                return null;
            }
            key = QueryKey.of(request);
        } catch (JacksonException malformed) {
            return null;
        }
        if (body.length <= LONGEST) {
            known.put(bytes, key);
        }
        return key;
    }
}

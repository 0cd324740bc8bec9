package dev.perigee.edge.cache;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/** Makes what the tests of the cache need. */
final class Results {

    static final String EPOCH = "7.1.1";

    private Results() {}

    static QueryKey key(String sql, Object... params) {
        return QueryKey.of(new QueryRequest(sql, Arrays.asList(params)));
    }

    static CachedResult result(long readAt, String... tables) {
        return result(EPOCH, readAt, 100, Duration.ofSeconds(60), tables);
    }

    static CachedResult result(String epoch, long readAt, int size, Duration ttl, String... tables) {
        return new CachedResult(
                new byte[size],
                "application/json",
                List.of(tables),
                String.join(",", tables),
                new StreamPosition(epoch, readAt),
                0,
                ttl);
    }

    static InvalidationEvent change(long version, String... tables) {
        return new InvalidationEvent(version, List.of(tables), Instant.EPOCH);
    }

    static StreamPosition at(long version) {
        return new StreamPosition(EPOCH, version);
    }
}

package dev.perigee.bench;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.QueryKey;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a hit costs in the cache alone, the fence included, and what it costs to keep a result. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CacheBenchmark {

    private static final StreamPosition BEGIN = new StreamPosition("epoch", 1);

    /** How many results there are. */
    @Param({"100", "10000", "1000000"})
    public int entries;

    private final Watermarks watermarks = new Watermarks();
    private ResultCache cache = new ResultCache(1, 1, watermarks, System::nanoTime);
    private int next;

    /** Fills the cache. */
    @Setup
    public void fill() {
        watermarks.reset(BEGIN);
        cache = new ResultCache(entries + 1000, Long.MAX_VALUE / 4, watermarks, System::nanoTime);
        for (int n = 0; n < entries; n++) {
            cache.admit(cache.ticket(), key(n), result());
        }
    }

    /** A key is made of a request, a result is found and found current. */
    @Benchmark
    public @Nullable CachedResult lookup() {
        next = (next + 7919) % entries;
        CachedResult found = cache.find(key(next));
        return found != null && cache.isCurrent(found) ? found : null;
    }

    /** A result takes the place of an older one. */
    @Benchmark
    public boolean admission() {
        next = (next + 7919) % entries;
        return cache.admit(cache.ticket(), key(next), result());
    }

    private static QueryKey key(int n) {
        return QueryKey.of(new QueryRequest("SELECT name, price FROM shop.products WHERE id = $1", List.of(n)));
    }

    private static CachedResult result() {
        return new CachedResult(
                new byte[32],
                "application/json",
                List.of("shop.products"),
                "shop.products",
                BEGIN,
                System.nanoTime(),
                Duration.ofHours(1));
    }
}

package dev.perigee.bench;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.QueryKey;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

/** What it costs to invalidate, however much of a table is in the cache: it must not matter. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class WatermarkBenchmark {

    private static final StreamPosition BEGIN = new StreamPosition("epoch", 1);
    private static final List<String> TABLES = List.of("shop.products");

    /** How many results of the table there are. */
    @Param({"100", "1000", "10000", "100000", "1000000"})
    public int entries;

    private final Watermarks watermarks = new Watermarks();
    private ResultCache cache = new ResultCache(1, 1, watermarks, System::nanoTime);
    private long version = 1;

    /** Fills the cache. */
    @Setup
    public void fill() {
        watermarks.reset(BEGIN);
        cache = new ResultCache(entries + 1000, Long.MAX_VALUE / 4, watermarks, System::nanoTime);
        byte[] body = new byte[32];
        for (int n = 0; n < entries; n++) {
            cache.admit(
                    cache.ticket(),
                    QueryKey.of(new QueryRequest("SELECT 1", List.of(n))),
                    new CachedResult(
                            body,
                            "application/json",
                            TABLES,
                            "shop.products",
                            BEGIN,
                            System.nanoTime(),
                            Duration.ofHours(1)));
        }
    }

    /** A commit to the table. */
    @Benchmark
    public void raise() {
        watermarks.raise(new InvalidationEvent(++version, TABLES, Instant.EPOCH));
    }

    /** The cache that is invalidated, so that it stays. */
    public ResultCache cache() {
        return cache;
    }
}

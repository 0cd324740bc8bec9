package dev.perigee.bench;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.log.LogRecord;
import dev.perigee.model.InvalidationEvent;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
import org.openjdk.jmh.infra.Blackhole;

/** Home's log: a record is appended, and every cursor reads it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LogBenchmark {

    private static final int TABLES = 1000;

    /** How many edges read the log. */
    @Param({"1", "100", "10000"})
    public int cursors;

    private final InvalidationLog log = new InvalidationLog();
    private final List<List<String>> tables =
            IntStream.range(0, TABLES).mapToObj(n -> List.of("public.t" + n)).toList();
    private long[] at = new long[0];
    private long version = 1;

    /** Begins a log that knows of every table. */
    @Setup
    public void begin() {
        log.begin("epoch", version + 1, Instant.EPOCH);
        for (int n = 0; n < TABLES; n++) {
            append();
        }
        at = new long[cursors];
        Arrays.fill(at, version);
    }

    private void append() {
        version++;
        log.append(new InvalidationEvent(version, tables.get((int) (version % TABLES)), Instant.EPOCH), version);
    }

    /** One record, to all cursors. */
    @Benchmark
    public void appendAndRead(Blackhole hole) {
        append();
        EpochLog current = Objects.requireNonNull(log.current());
        for (int n = 0; n < at.length; n++) {
            LogRecord record = current.after(at[n]);
            while (record != null) {
                at[n] = record.event().upToVersion();
                hole.consume(record);
                record = current.after(at[n]);
            }
        }
    }
}

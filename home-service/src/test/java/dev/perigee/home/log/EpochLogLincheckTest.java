package dev.perigee.home.log;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.testing.Interleavings;
import java.time.Instant;
import java.util.List;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One writer of the log and who reads it. */
@Tag("long")
public class EpochLogLincheckTest {

    private final EpochLog log = new EpochLog("1.1", 0);
    private long version;

    private void append(String... tables) {
        version += 10;
        log.append(new InvalidationEvent(version, List.of(tables), Instant.EPOCH), 0);
    }

    /** One thread at a time appends: the log has one writer. */
    @Operation(nonParallelGroup = "writer")
    public void appendOne() {
        append("a");
    }

    @Operation(nonParallelGroup = "writer")
    public void appendTwo() {
        append("a", "b");
    }

    @Operation(nonParallelGroup = "writer")
    public void appendAll() {
        append();
    }

    /** The head first, then everything after the cursor: has the latest record up to that head been seen? */
    @Operation
    public boolean readsUpToTheHead() {
        long head = log.head();
        long cursor = 0;
        for (LogRecord record = log.after(cursor); record != null; record = log.after(cursor)) {
            cursor = record.event().upToVersion();
        }
        return cursor >= head;
    }

    @Test
    void everyInterleaving() {
        Interleavings.check(EpochLogLincheckTest.class, 2);
    }
}

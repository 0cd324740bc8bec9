package dev.perigee.edge.cache;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.testing.Interleavings;
import java.time.Instant;
import java.util.List;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The link raises, closes and opens the marks while a read looks at them, as at every hit. */
@Tag("long")
public class WatermarksLincheckTest {

    private static final List<String> A = List.of("public.a");
    private static final List<String> B = List.of("public.b");

    /** What the link has told the marks and returned from: whoever looks later must not be served what is below. */
    private record Floor(int era, long a, long b) {}

    /** So few are allowed that the second table's mark is folded into the one for all. */
    private final Watermarks marks = new Watermarks(1);

    private volatile Floor floor = new Floor(1, 1, 1);
    private long version = 1;

    public WatermarksLincheckTest() {
        marks.reset(at(1, version));
    }

    private static StreamPosition at(int era, long version) {
        return new StreamPosition("7." + era, version);
    }

    private void change(List<String> tables) {
        version++;
        marks.raise(new InvalidationEvent(version, tables, Instant.EPOCH));
    }

    @Operation(nonParallelGroup = "link")
    public void changeA() {
        change(A);
        floor = new Floor(floor.era, version, floor.b);
    }

    @Operation(nonParallelGroup = "link")
    public void changeB() {
        change(B);
        floor = new Floor(floor.era, floor.a, version);
    }

    @Operation(nonParallelGroup = "link")
    public void changeAll() {
        change(List.of());
        floor = new Floor(floor.era, version, version);
    }

    /** Versions begin anew: that those of the epoch before are higher must not help them. */
    @Operation(nonParallelGroup = "link")
    public void anotherEpoch() {
        marks.close();
        version = 1;
        marks.reset(at(floor.era + 1, version));
        floor = new Floor(floor.era + 1, version, version);
    }

    @Operation
    public boolean nothingStalePasses() {
        Floor least = floor;
        return !marks.passes(at(least.era, least.a - 1), A)
                && !marks.passes(at(least.era, least.b - 1), B)
                && !marks.passes(at(least.era - 1, Long.MAX_VALUE), A);
    }

    @Validate
    public void whatIsNewPasses() {
        if (!marks.passes(at(floor.era, version), A) || !marks.passes(at(floor.era, version), B)) {
            throw new AssertionError("nothing passes with " + floor);
        }
    }

    @Test
    void everyInterleaving() {
        Interleavings.check(WatermarksLincheckTest.class, 2);
    }
}

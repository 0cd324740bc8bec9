package dev.perigee.edge.cache;

import dev.perigee.testing.Interleavings;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * An operator drops results while others are on their way. No mark tells those apart afterwards, so that what admission
 * lets slip stays until its time is over.
 */
@Tag("long")
public class PurgeLincheckTest {

    private static final String TABLE = "public.a";
    private static final QueryKey KEY = Results.key("select * from a");

    private final Watermarks marks = new Watermarks();
    private final ResultCache cache = new ResultCache(100, 1 << 20, marks, () -> 0, Runnable::run);
    private final AtomicLong begun = new AtomicLong();

    public PurgeLincheckTest() {
        marks.reset(Results.at(0));
    }

    /** A result's version says how many purges had begun after its ticket was taken. */
    @Operation
    public void keep() {
        long ticket = cache.ticket();
        cache.admit(ticket, KEY, Results.result(begun.get(), TABLE));
    }

    @Operation
    public void purge() {
        begun.incrementAndGet();
        cache.purge();
    }

    @Operation
    public void purgeTheTable() {
        begun.incrementAndGet();
        cache.purge(TABLE);
    }

    @Operation
    public void disableForAWhile() {
        begun.incrementAndGet();
        cache.allow(false, null);
        cache.adapt();
        cache.allow(true, null);
    }

    @Validate
    public void nothingIsLeftOfBeforeAPurge() {
        CachedResult left = cache.find(KEY);
        if (left != null && left.readAt().version() < begun.get()) {
            throw new AssertionError("left of before purge " + begun + ": " + left.readAt());
        }
    }

    @Test
    void everyInterleaving() {
        Interleavings.check(PurgeLincheckTest.class, 1);
    }
}

package dev.perigee.edge.cache;

import dev.perigee.model.EdgeStats;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts how reads were answered since the start. Thread-safe, cheap. */
public final class Traffic {

    private final ResultCache cache;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder bypasses = new LongAdder();

    public Traffic(ResultCache cache) {
        this.cache = cache;
    }

    /** A read was answered from memory. */
    public void hit() {
        hits.increment();
    }

    /** A read that may be kept was sent to home. */
    public void miss() {
        misses.increment();
    }

    /** Something that may not be kept was sent to home, or a read was sent past the cache. */
    public void bypass() {
        bypasses.increment();
    }

    /**
     * What the edge reports of itself.
     *
     * @param stalenessMs how far behind it may be at the most, milliseconds; null if it does not know
     */
    public EdgeStats stats(@Nullable Long stalenessMs) {
        return new EdgeStats(
                hits.sum(), misses.sum(), bypasses.sum(), cache.size(), cache.bytes(), cache.maxBytes(), stalenessMs);
    }
}

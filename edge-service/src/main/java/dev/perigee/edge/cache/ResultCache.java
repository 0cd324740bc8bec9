package dev.perigee.edge.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Results by key, bounded by number and by bytes, each with its own time to live. Thread-safe, never blocks.
 *
 * <p>Caffeine bounds either the number or the weight. Both come of one weight: a result weighs its bytes, but at least
 * {@code maxBytes / maxEntries}, so that {@code maxEntries} of the lightest fill the cache as surely as a few heavy
 * ones. When an operator changes the bound on bytes, the weights of the results that are there change with it.
 *
 * <p>Dead results (below a watermark) are refused by {@link #isCurrent} from the moment the mark rises; {@link #sweep}
 * only gives their memory back.
 */
public final class ResultCache {

    private final Cache<ResultKey, CachedResult> results;
    private final Watermarks watermarks;
    private final Ticker ticker;
    private final int maxEntries;
    private final long configuredBytes;
    private volatile boolean enabled = true;
    private volatile long allowedBytes;
    private volatile long maxBytes;
    private volatile int least;
    private final AtomicLong purges = new AtomicLong();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder swept = new LongAdder();
    private final PastHits pastHits;
    private @Nullable Iterator<Map.Entry<ResultKey, CachedResult>> walk;
    private long walkedAt = -1;

    /** One result with its key. */
    public record Entry(ResultKey key, CachedResult result, long bytes) {}

    /**
     * An empty cache.
     *
     * @param maxEntries the most results it keeps
     * @param maxBytes the most bytes they may take, keys included
     * @param ticker monotonic nanoseconds
     */
    public ResultCache(int maxEntries, long maxBytes, Watermarks watermarks, Ticker ticker) {
        this(maxEntries, maxBytes, watermarks, ticker, ForkJoinPool.commonPool());
    }

    /**
     * As the other, with the executor that Caffeine puts its upkeep on.
     *
     * @param upkeep {@code Runnable::run} where everything must happen in one thread
     */
    public ResultCache(int maxEntries, long maxBytes, Watermarks watermarks, Ticker ticker, Executor upkeep) {
        this.watermarks = watermarks;
        this.ticker = ticker;
        this.maxEntries = maxEntries;
        this.configuredBytes = maxBytes;
        this.allowedBytes = maxBytes;
        this.maxBytes = maxBytes;
        this.least = least(maxBytes);
        this.pastHits = new PastHits(upkeep);
        this.results = Caffeine.newBuilder()
                .maximumWeight(capacity(maxBytes))
                .weigher((ResultKey key, CachedResult result) -> Math.max(least, weight(key, result)))
                .expireAfter(Expiry.creating((ResultKey key, CachedResult result) ->
                        Duration.ofNanos(Math.max(0, result.ttlLeft(ticker.read())))))
                .ticker(ticker)
                .executor(upkeep)
                .removalListener(this::removed)
                .build();
    }

    /**
     * Says what the operator lets this cache be. At once nothing is found or admitted any more if it is disabled, not even
     * what is on its way; everything else is up to {@link #adapt}.
     *
     * @param maxBytes the most bytes results may take, keys included; what is configured if null
     */
    public void allow(boolean enabled, @Nullable Long maxBytes) {
        allowedBytes = maxBytes == null ? configuredBytes : maxBytes;
        this.enabled = enabled;
        if (!enabled) {
            purges.incrementAndGet();
        }
    }

    /** Becomes what {@link #allow} has said last. Walks the cache: not for an event loop. */
    public synchronized void adapt() {
        if (!enabled) {
            purge();
        }
        long before = maxBytes;
        long now = allowedBytes;
        if (now == before) {
            return;
        }
        least = least(now);
        // In this order nothing is evicted for a weight that belongs to the other bound.
        if (now > before) {
            resize(now);
            weighAnew();
        } else {
            weighAnew();
            resize(now);
        }
    }

    private void resize(long bytes) {
        results.policy().eviction().orElseThrow().setMaximum(capacity(bytes));
        maxBytes = bytes;
    }

    private void weighAnew() {
        results.asMap().forEach((key, result) -> results.asMap().replace(key, result, result));
    }

    /** No result weighs more than an int can say, so that many of them never weigh more than this. */
    private long capacity(long bytes) {
        return Math.min(bytes, (long) maxEntries * Integer.MAX_VALUE);
    }

    private int least(long bytes) {
        return Math.toIntExact(Math.max(1, (capacity(bytes) - 1) / maxEntries + 1));
    }

    /** The most bytes results may take now, keys included. */
    public long maxBytes() {
        return maxBytes;
    }

    /** The result kept under this key within its time to live, or null. It may be dead: ask {@link #isCurrent}. */
    public @Nullable CachedResult find(ResultKey key) {
        CachedResult found = enabled ? results.getIfPresent(key) : null;
        // Caffeine lets a result that replaces another live on to the other's end, if that is less than a second more.
        return found != null && found.ttlLeft(ticker.read()) > 0 ? found : null;
    }

    /** Whether no change of its tables is known that it does not contain. */
    public boolean isCurrent(CachedResult result) {
        return watermarks.serves(result);
    }

    /** To be taken before the read that is to be admitted is sent. */
    public long ticket() {
        return purges.get();
    }

    /**
     * Keeps a result, unless the fence or a purge since the ticket was taken forbids it.
     *
     * <p>An invalidation may come between the test and the insertion. Then the result is in the map, dead; nobody can be
     * served it, since every hit is tested again. The second test only spares the memory. A purge leaves no mark to be
     * tested at a hit, so there the second test is what counts: either the purge comes before it and it sees it, or
     * after the insertion and removes the result itself.
     *
     * @return whether it was kept
     */
    public boolean admit(long ticket, ResultKey key, CachedResult result) {
        if (allowed(ticket, result)) {
            results.put(key, result);
            bytes.add(weight(key, result));
            if (allowed(ticket, result)) {
                return true;
            }
            results.asMap().remove(key, result);
        }
        refused.increment();
        return false;
    }

    private boolean allowed(long ticket, CachedResult result) {
        return enabled && purges.get() == ticket && watermarks.serves(result);
    }

    /** Removes one result, if it is still there. */
    public void drop(ResultKey key, CachedResult result) {
        results.asMap().remove(key, result);
    }

    /** Removes every result, also those that are on their way. Walks the cache: not for an event loop. */
    public void purge() {
        purge(result -> true);
    }

    /**
     * Removes every result of a table, and any that is on its way. Walks the cache: not for an event loop.
     *
     * @param table qualified; without a schema, the table of this name in every schema
     */
    public void purge(String table) {
        purge(result -> result.tables().stream().anyMatch(name -> name.equals(table) || name.endsWith("." + table)));
    }

    private void purge(Predicate<CachedResult> which) {
        purges.incrementAndGet();
        results.asMap().values().removeIf(which);
    }

    /**
     * Removes dead results, looking at no more than so many. Carries on where it stopped; idle when no mark has risen
     * since the last whole walk. To be called by one thread.
     *
     * @return how many it removed
     */
    public int sweep(int most) {
        Iterator<Map.Entry<ResultKey, CachedResult>> at = walk;
        if (at == null) {
            long changes = watermarks.changes();
            if (changes == walkedAt) {
                return 0;
            }
            walkedAt = changes;
            at = results.asMap().entrySet().iterator();
        }
        int removed = 0;
        for (int seen = 0; seen < most && at.hasNext(); seen++) {
            Map.Entry<ResultKey, CachedResult> entry = at.next();
            if (!isCurrent(entry.getValue()) && results.asMap().remove(entry.getKey(), entry.getValue())) {
                removed++;
            }
        }
        walk = at.hasNext() ? at : null;
        swept.add(removed);
        return removed;
    }

    /** How many results there are, the expired and the dead that were not yet removed included. */
    public long size() {
        return results.estimatedSize();
    }

    /** What they take with their keys, bytes. */
    public long bytes() {
        return Math.max(0, bytes.sum());
    }

    /** How many results were refused at admission since the start. */
    public long refused() {
        return refused.sum();
    }

    /** How many dead results the sweep has removed since the start. */
    public long swept() {
        return swept.sum();
    }

    /** The first so many by some order. Walks the cache: not for an event loop. */
    public List<Entry> top(int limit, Comparator<Entry> order) {
        Top<Entry> top = new Top<>(limit, order);
        walk(Integer.MAX_VALUE, top::show);
        return top.sorted();
    }

    /**
     * Looks at every result, but at no more than so many, in no order. Not for an event loop.
     *
     * @return whether it has looked at all of them
     */
    boolean walk(int most, Consumer<Entry> visitor) {
        Iterator<Map.Entry<ResultKey, CachedResult>> all =
                results.asMap().entrySet().iterator();
        for (int seen = 0; seen < most && all.hasNext(); seen++) {
            Map.Entry<ResultKey, CachedResult> entry = all.next();
            visitor.accept(new Entry(entry.getKey(), entry.getValue(), weight(entry.getKey(), entry.getValue())));
        }
        return !all.hasNext();
    }

    /** How often results were served that are gone. */
    PastHits pastHits() {
        return pastHits;
    }

    /** Lets Caffeine do now what it has put off: for tests. */
    void settle() {
        results.cleanUp();
    }

    private void removed(@Nullable ResultKey key, @Nullable CachedResult result, RemovalCause cause) {
        if (key != null && result != null) {
            bytes.add(-weight(key, result));
            pastHits.gone(key, result);
        }
    }

    private static int weight(ResultKey key, CachedResult result) {
        return key.weight() + result.weight();
    }
}

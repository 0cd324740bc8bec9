package dev.perigee.edge.cache;

import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * The answer to a read as home gave it, and what decides how long it may stand for home. Immutable but for the count of
 * its hits; thread-safe.
 */
public final class CachedResult {

    private static final int OVERHEAD = 200;
    private static final AtomicLongFieldUpdater<CachedResult> HITS =
            AtomicLongFieldUpdater.newUpdater(CachedResult.class, "hits");

    private final byte[] body;
    private final String contentType;
    private final List<String> tables;
    private final String tablesHeader;
    private final StreamPosition readAt;
    private final long askedAt;
    private final long ttl;
    private volatile long hits;

    /**
     * Describes a result.
     *
     * @param body as received; from here on nobody may change it
     * @param contentType of the body
     * @param tables it was read from, qualified names
     * @param tablesHeader the same as home wrote it
     * @param readAt everything at or below it is in the result: what home's gate said before it ran the statement
     * @param askedAt when it was asked for, monotonic, nanoseconds: home read it later
     * @param ttl how long it may be served at the most, counted from then
     */
    public CachedResult(
            byte[] body,
            String contentType,
            List<String> tables,
            String tablesHeader,
            StreamPosition readAt,
            long askedAt,
            Duration ttl) {
        this.body = body;
        this.contentType = Shared.of(contentType);
        this.tables = Shared.of(List.copyOf(tables));
        this.tablesHeader = Shared.of(tablesHeader);
        this.readAt = new StreamPosition(Shared.of(readAt.epoch()), readAt.version());
        this.askedAt = askedAt;
        this.ttl = ttl.toNanos();
    }

    /** The stored bytes themselves, not a copy: to be written out, never to be changed. */
    public byte[] body() {
        return body;
    }

    /** The media type of {@link #body()}. */
    public String contentType() {
        return contentType;
    }

    /** Qualified names of the tables it was read from. */
    public List<String> tables() {
        return tables;
    }

    /** The tables as home wrote them in the header. */
    public String tablesHeader() {
        return tablesHeader;
    }

    /** Everything at or below this position is in the result. */
    public StreamPosition readAt() {
        return readAt;
    }

    /** The epoch its version belongs to. */
    public String epoch() {
        return readAt.epoch();
    }

    /** The first position the result may be missing. */
    public long version() {
        return readAt.version() + 1;
    }

    /** How long ago it was asked for, nanoseconds. */
    public long age(long now) {
        return now - askedAt;
    }

    /** How long it may still be served, nanoseconds; negative once that is over. */
    public long ttlLeft(long now) {
        return ttl - age(now);
    }

    /** How often it was served. */
    public long hits() {
        return hits;
    }

    /** Counts a hit. */
    public void countHit() {
        HITS.incrementAndGet(this);
    }

    /** A fair guess at the memory it takes without its key, bytes. */
    int weight() {
        return OVERHEAD + body.length;
    }
}

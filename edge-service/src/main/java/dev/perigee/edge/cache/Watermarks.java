package dev.perigee.edge.cache;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The fence. Per table, the highest version at which it is known to have changed, and one for all tables; kept whether
 * or not there are results of that table, so that a result which arrives after its invalidation meets it all the same. A
 * result passes if it is above every mark that concerns it. Marks only ever rise within an epoch, so invalidations may
 * come twice or in any order.
 *
 * <p>Closed until the link has been told by home from where on it will hear of everything, and again when it may have
 * missed something: then nothing passes.
 *
 * <p>Memory is bounded: past a number of tables the table marks are folded into the one for all tables. That drops
 * results that were still good, never the reverse.
 *
 * <p>Any number of threads read without locks; writers exclude each other.
 */
public final class Watermarks {

    private static final int MAX_TABLES = 65_536;

    private final int maxTables;
    private volatile @Nullable Marks marks;
    private volatile long changes;

    /** Of one epoch. */
    private static final class Marks {
        private final String epoch;
        private final ConcurrentMap<String, Long> tables = new ConcurrentHashMap<>();
        private volatile long all;

        Marks(String epoch, long all) {
            this.epoch = epoch;
            this.all = all;
        }
    }

    /**
     * One table's mark.
     *
     * @param table qualified name
     * @param version the highest at which it is known to have changed
     */
    public record Mark(String table, long version) {}

    /** A closed fence. */
    public Watermarks() {
        this(MAX_TABLES);
    }

    Watermarks(int maxTables) {
        this.maxTables = maxTables;
    }

    /**
     * Everything at or below this position may be stale, and every change above it will be heard of. Opens the fence. In
     * the same epoch the marks stay; in another, what was known before counts for nothing.
     */
    public synchronized void reset(StreamPosition position) {
        Marks now = marks;
        if (now == null || !now.epoch.equals(position.epoch())) {
            marks = new Marks(position.epoch(), position.version());
        } else {
            raiseAll(now, position.version());
        }
        changes++;
    }

    /** Something may have been missed: nothing passes until the next {@link #reset}. */
    public synchronized void close() {
        marks = null;
        changes++;
    }

    /** Takes note of a change, in the epoch of the last reset. Costs O(tables in the event). */
    public synchronized void raise(InvalidationEvent event) {
        Marks now = marks;
        if (now == null) {
            return;
        }
        if (event.concernsAllTables()) {
            raiseAll(now, event.upToVersion());
        } else {
            for (String table : event.tables()) {
                now.tables.merge(table, event.upToVersion(), Math::max);
            }
            if (now.tables.size() > maxTables) {
                now.tables.values().forEach(version -> now.all = Math.max(now.all, version));
                now.tables.clear();
            }
        }
        changes++;
    }

    private static void raiseAll(Marks now, long version) {
        long all = Math.max(now.all, version);
        now.all = all;
        now.tables.values().removeIf(mark -> mark <= all);
    }

    /** Whether the result is above every mark that concerns it: to be asked at every hit. */
    public boolean serves(CachedResult result) {
        return passes(result.readAt(), result.tables());
    }

    /**
     * Whether something read with everything at or below a position in it is still good.
     *
     * @param tables what it was read from; the mark for all tables always counts
     */
    public boolean passes(StreamPosition readAt, List<String> tables) {
        Marks now = marks;
        return now != null && now.epoch.equals(readAt.epoch()) && readAt.version() >= highest(now, tables);
    }

    /** The highest mark of these tables and of all tables; the largest possible value while closed. */
    public long highest(List<String> tables) {
        Marks now = marks;
        return now == null ? Long.MAX_VALUE : highest(now, tables);
    }

    private static long highest(Marks now, List<String> tables) {
        long highest = 0;
        for (int i = 0; i < tables.size(); i++) {
            Long mark = now.tables.get(tables.get(i));
            if (mark != null && mark > highest) {
                highest = mark;
            }
        }
        // Last: a table mark that was just folded away is in this one already.
        return Math.max(highest, now.all);
    }

    /** The epoch of the marks, or null while closed. */
    public @Nullable String epoch() {
        Marks now = marks;
        return now == null ? null : now.epoch;
    }

    /** How many tables have a mark of their own. */
    public int size() {
        Marks now = marks;
        return now == null ? 0 : now.tables.size();
    }

    /** The tables that changed last, newest first. Walks all of them: for operators. */
    public List<Mark> latest(int limit) {
        Marks now = marks;
        Stream<Mark> all = now == null
                ? Stream.empty()
                : now.tables.entrySet().stream().map(mark -> new Mark(mark.getKey(), mark.getValue()));
        return all.sorted((one, other) -> Long.compare(other.version, one.version))
                .limit(limit)
                .toList();
    }

    /** Rises whenever a mark may have risen. */
    long changes() {
        return changes;
    }
}

package dev.perigee.home.log;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The compacted log of one epoch. Of each table only the latest version is kept, so the records above a version, in
 * order, say what changed after it, each table once; the log never has more records than there are tables.
 *
 * <p>Compaction moves a table from an older record to the newest. Whoever has read the older record without it has
 * therefore <em>not</em> seen everything up to that record's version, only whoever has read to the end has. That is why
 * {@link #after} and {@link #head} are to be read in this order: head first, then ask for what is after the cursor; when
 * there is nothing, everything up to that head has been seen. It holds without locks because the writer adds the new
 * record first, then thins the old one, then moves the head.
 *
 * <p>One thread writes, any number read.
 */
public final class EpochLog {

    private final String epoch;
    private final long start;
    private final ConcurrentNavigableMap<Long, LogRecord> records = new ConcurrentSkipListMap<>();
    /** Table to the version of the record that holds it. Writer only. */
    private final Map<String, Long> latest = new HashMap<>();

    /** The newest record. Most that ask are after the one before it, and need not search. */
    private volatile @Nullable Tip tip;
    /** The last one that was asked for: many edges ask for the same, one after the other. */
    private volatile StreamPosition asked;

    private volatile long head;
    private volatile long appended;
    /** The version of the last record that concerns all tables. */
    private volatile long allTables;

    /**
     * The newest record.
     *
     * @param before the version of the one before it: between the two there is nothing
     */
    private record Tip(long before, LogRecord record) {}

    EpochLog(String epoch, long start) {
        this.epoch = epoch;
        this.start = start;
        this.head = start;
        this.asked = new StreamPosition(epoch, start);
        this.allTables = start;
    }

    /** Which epoch the versions belong to. */
    public String epoch() {
        return epoch;
    }

    /** A place in this epoch. */
    public StreamPosition position(long version) {
        StreamPosition known = asked;
        if (known.version() != version) {
            known = new StreamPosition(epoch, version);
            asked = known;
        }
        return known;
    }

    /** The log knows what changed after this version; a cursor below it is unusable. */
    public long start() {
        return start;
    }

    /** Everything up to this version has been decoded. */
    public long head() {
        return head;
    }

    /** How many records were ever appended: the ordinal of the newest. */
    public long appended() {
        return appended;
    }

    /**
     * The version of the latest record that concerned every table, at first the start. What was found out about the
     * catalog at or below it may be wrong now.
     */
    public long allTablesVersion() {
        return allTables;
    }

    /** The first record above this version, or null if there is none. */
    public @Nullable LogRecord after(long version) {
        Tip newest = tip;
        if (newest != null && version >= newest.before) {
            return version < newest.record.event().upToVersion() ? newest.record : null;
        }
        Map.Entry<Long, LogRecord> next = records.higherEntry(version);
        return next == null ? null : next.getValue();
    }

    /** The newest records, at most so many, the newest first. */
    public List<LogRecord> latest(int most) {
        return records.descendingMap().values().stream().limit(most).toList();
    }

    /** How many records there are. For metrics: it counts them. */
    public int size() {
        return records.size();
    }

    /**
     * Adds a record and moves the head to it.
     *
     * @param appendedAt home's monotonic clock, nanoseconds
     * @return false if it is at or below the head, and so known already: a durable slot sends again what it was not yet
     *     told to forget
     */
    boolean append(InvalidationEvent event, long appendedAt) {
        long version = event.upToVersion();
        if (version <= head) {
            return false;
        }
        long ordinal = appended + 1;
        // The count first: whoever sees the record must not find it above the count.
        appended = ordinal;
        LogRecord record = new LogRecord(event, ordinal, appendedAt);
        Map.Entry<Long, LogRecord> last = records.lastEntry();
        records.put(version, record);
        tip = new Tip(last == null ? start : last.getKey(), record);
        if (event.concernsAllTables()) {
            allTables = version;
            records.headMap(version).clear();
            latest.clear();
        } else {
            thinOlder(event);
        }
        head = version;
        return true;
    }

    boolean advance(long version) {
        if (version <= head) {
            return false;
        }
        head = version;
        return true;
    }

    private void thinOlder(InvalidationEvent event) {
        long version = event.upToVersion();
        Map<Long, Set<String>> moved = new HashMap<>();
        for (String table : event.tables()) {
            Long older = latest.put(table, version);
            if (older != null && older != version) {
                moved.computeIfAbsent(older, any -> new HashSet<>()).add(table);
            }
        }
        moved.forEach(this::thin);
    }

    private void thin(long version, Set<String> moved) {
        LogRecord record = records.get(version);
        if (record == null) {
            throw new IllegalStateException("the log lost a record");
        }
        List<String> left = record.event().tables().stream()
                .filter(name -> !moved.contains(name))
                .toList();
        if (left.isEmpty()) {
            records.remove(version);
        } else {
            records.put(version, record.with(left));
        }
    }
}

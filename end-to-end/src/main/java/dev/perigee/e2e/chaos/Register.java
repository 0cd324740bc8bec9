package dev.perigee.e2e.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A value that one writer counts up, in one row or in two that always agree, and all that is known of its history.
 * Thread-safe.
 *
 * <p>A write is possible from when it was sent, and certain from when its answer came; one that was never answered is
 * possible for ever. Every write has a number of its own, higher than those before, so a late one cannot hide another.
 */
final class Register {

    /** What the writer believes to be lost at the most, of what PostgreSQL had not flushed when it was killed. */
    private static final long UNFLUSHED_NANOS = 2_000_000_000L;

    /** Where the value is, and how it is written. */
    enum Shape {
        ROW,
        /** Two rows of a table, in one transaction. */
        ROWS,
        /** A row in each of two tables, in one transaction. */
        TABLES,
        /** A row that is counted up in the database: a write done twice shows. */
        BUMP,
        /** A row written with {@code synchronous_commit = off}: a crash may undo what was acknowledged. */
        LOSSY
    }

    /** A moment in the history of one epoch. */
    record Position(String epoch, long version) {

        /** Of {@code epoch:version}; null if there is none. */
        static @Nullable Position parse(String text) {
            int colon = text.indexOf(':');
            return colon < 0 ? null : new Position(text.substring(0, colon), Long.parseLong(text.substring(colon + 1)));
        }

        @Override
        public String toString() {
            return epoch + ":" + version;
        }
    }

    /** A value, and the version that includes it. */
    record Token(long value, Position position) {}

    private record Undone(long above, long upTo, long since) {}

    final String name;
    final Shape shape;
    final long paceMillis;
    private final NavigableMap<Long, Long> certain = new TreeMap<>();
    private final Map<String, NavigableMap<Long, Long>> versions = new TreeMap<>();
    private final List<Undone> undone = new ArrayList<>();
    private long begun;
    private long acknowledged;
    private int crashes;
    private @Nullable Token lastWritten;
    private @Nullable Token lastSeen;

    Register(String name, Shape shape, long paceMillis) {
        this.name = name;
        this.shape = shape;
        this.paceMillis = paceMillis;
    }

    /** The tables, each with a column {@code n}. */
    List<String> tables() {
        return shape == Shape.TABLES ? List.of(name + "_left", name + "_right") : List.of(name);
    }

    /** The statement that reads it: one number, or two that must agree. */
    String read() {
        return switch (shape) {
            case ROW, BUMP, LOSSY -> "SELECT n FROM " + name + " WHERE id = 1";
            case ROWS -> "SELECT n FROM " + name + " WHERE id IN (1, 2) ORDER BY id";
            case TABLES ->
                "SELECT l.n, r.n FROM " + name + "_left l JOIN " + name + "_right r ON l.id = r.id" + " WHERE l.id = 1";
        };
    }

    int width() {
        return shape == Shape.ROWS || shape == Shape.TABLES ? 2 : 1;
    }

    /** A new write is about to be sent; its number. */
    synchronized long begin() {
        return ++begun;
    }

    /** How often the database has crashed so far. */
    synchronized int crashes() {
        return crashes;
    }

    /** The write was acknowledged at this time. */
    synchronized void acknowledged(long number, long at, @Nullable Position position, int crashesBefore) {
        if (shape == Shape.LOSSY && crashesBefore != crashes) {
            return;
        }
        acknowledged = shape == Shape.BUMP ? acknowledged + 1 : number;
        certain.put(at, acknowledged);
        if (position != null) {
            versions.computeIfAbsent(position.epoch(), any -> new TreeMap<>())
                    .merge(position.version(), acknowledged, Math::max);
            lastWritten = new Token(acknowledged, position);
        }
    }

    /** PostgreSQL is killed now. What it had not flushed may be undone. */
    synchronized void crash(long now) {
        crashes++;
        if (shape == Shape.LOSSY) {
            certain.tailMap(now - UNFLUSHED_NANOS, false).clear();
            acknowledged = certain.isEmpty() ? 0 : certain.lastEntry().getValue();
        }
    }

    /** After a crash, with nobody writing, the database itself said so. */
    synchronized void recovered(long value, long now) {
        if (value < begun) {
            undone.add(new Undone(value, begun, now));
        }
        certain.put(now, value);
        acknowledged = value;
    }

    /** What everything as of this time must contain. */
    synchronized long floor(long at) {
        Map.Entry<Long, Long> last = certain.floorEntry(at);
        return last == null ? 0 : last.getValue();
    }

    /** Since when a higher value than this has been certain; null if it is not. */
    synchronized @Nullable Long outdatedSince(long value) {
        for (Map.Entry<Long, Long> entry : certain.descendingMap().entrySet()) {
            if (entry.getValue() <= value) {
                return certain.higherKey(entry.getKey());
            }
        }
        return certain.isEmpty() ? null : certain.firstKey();
    }

    /** What everything at this position must contain. */
    synchronized long floor(Position position) {
        NavigableMap<Long, Long> epoch = versions.get(position.epoch());
        Map.Entry<Long, Long> last = epoch == null ? null : epoch.floorEntry(position.version());
        return last == null ? 0 : last.getValue();
    }

    /** What nobody has written yet is above. */
    synchronized long ceiling() {
        return begun;
    }

    /** Whether this value had been undone for good by then. */
    synchronized boolean undoneBefore(long value, long at) {
        return undone.stream().anyMatch(it -> it.above() < value && value <= it.upTo() && it.since() < at);
    }

    synchronized long acknowledged() {
        return acknowledged;
    }

    synchronized @Nullable Token lastWritten() {
        return lastWritten;
    }

    synchronized @Nullable Token lastSeen() {
        return lastSeen;
    }

    synchronized void seen(Token token) {
        lastSeen = token;
    }

    /** The last of what is known, for the evidence. */
    synchronized String history(long now) {
        StringBuilder text = new StringBuilder();
        text.append(
                String.format(Locale.ROOT, "%s (%s): begun %d, acknowledged %d%n", name, shape, begun, acknowledged));
        certain.descendingMap().entrySet().stream()
                .limit(200)
                .forEach(it -> text.append(String.format(
                        Locale.ROOT, "  %d certain %.3f s ago%n", it.getValue(), (now - it.getKey()) / 1e9)));
        versions.forEach((epoch, history) -> history.descendingMap().entrySet().stream()
                .limit(200)
                .forEach(it -> text.append("  ")
                        .append(it.getValue())
                        .append(" at ")
                        .append(epoch)
                        .append(':')
                        .append(it.getKey())
                        .append('\n')));
        undone.forEach(it -> text.append("  ").append(it).append('\n'));
        return text.toString();
    }
}

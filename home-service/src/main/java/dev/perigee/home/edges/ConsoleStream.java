package dev.perigee.home.edges;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.log.LogRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one console is told. As long as its connection takes nothing there is no next frame, and the one after that says how
 * things stand then: nothing is kept for a console that reads slowly. It looks at the log and is never called by
 * it: whoever writes the log knows nothing of consoles. One thread at a time.
 */
final class ConsoleStream {

    private static final int MOST_RECORDS = 50;
    private static final int MOST_TABLES = 10;
    private static final long QUIET = Duration.ofSeconds(5).toNanos();
    /** A console that wants to go on shows its token again. */
    private static final long LONGEST = Duration.ofMinutes(10).toNanos();

    private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

    private final Supplier<ConsoleState.@Nullable Snapshot> state;
    private final InvalidationLog log;
    private final BooleanSupplier writable;
    private final BooleanSupplier closing;
    private final LongSupplier nanoTime;
    private final long begun;

    private long stateSent;
    private @Nullable EpochLog followed;
    private long ordinalSent;
    private long lastFrameAt;
    private volatile boolean ended;

    /**
     * A stream that has said nothing yet.
     *
     * @param state the newest
     * @param writable whether the connection takes something
     * @param closing whether home is shutting down
     */
    ConsoleStream(
            Supplier<ConsoleState.@Nullable Snapshot> state,
            InvalidationLog log,
            BooleanSupplier writable,
            BooleanSupplier closing,
            LongSupplier nanoTime) {
        this.state = state;
        this.log = log;
        this.writable = writable;
        this.closing = closing;
        this.nanoTime = nanoTime;
        this.begun = nanoTime.getAsLong();
        this.lastFrameAt = begun;
    }

    /** The last frame. */
    record Goodbye(String reason) {}

    /**
     * What has changed since the frame before.
     *
     * @param epoch of the versions
     * @param skipped records that came too quickly to be shown
     * @param records the newest first
     */
    record Tail(String epoch, long skipped, List<Invalidation> records) {}

    /**
     * One record of the log.
     *
     * @param tables the first of them; none means all
     * @param tableCount how many there are
     */
    record Invalidation(long version, List<String> tables, int tableCount, Instant committedAt) {}

    /** The next frame; null if there is nothing to say now. */
    byte @Nullable [] next() {
        long now = nanoTime.getAsLong();
        byte[] frame = ended || !writable.getAsBoolean() ? null : choose(now);
        if (frame != null) {
            lastFrameAt = now;
        }
        return frame;
    }

    /** Whether the last frame was the last. */
    boolean ended() {
        return ended;
    }

    private byte @Nullable [] choose(long now) {
        if (closing.getAsBoolean() || now - begun > LONGEST) {
            ended = true;
            return ConsoleState.frame("goodbye", new Goodbye(closing.getAsBoolean() ? "drain" : "renew"));
        }
        ConsoleState.Snapshot snapshot = state.get();
        if (snapshot != null && snapshot.sequence() != stateSent) {
            stateSent = snapshot.sequence();
            return snapshot.frame();
        }
        byte[] tail = tail();
        return tail == null && now - lastFrameAt > QUIET ? COMMENT : tail;
    }

    private byte @Nullable [] tail() {
        EpochLog present = log.current();
        if (present == null) {
            return null;
        }
        boolean first = present != followed;
        if (first) {
            followed = present;
            ordinalSent = 0;
        }
        if (present.appended() == ordinalSent) {
            return null;
        }
        List<LogRecord> records = present.latest(MOST_RECORDS).stream()
                .filter(record -> record.ordinal() > ordinalSent)
                .toList();
        if (records.isEmpty()) {
            return null;
        }
        long newest = records.get(0).ordinal();
        long skipped = first ? 0 : newest - ordinalSent - records.size();
        ordinalSent = newest;
        return ConsoleState.frame(
                "invalidations",
                new Tail(
                        present.epoch(),
                        skipped,
                        records.stream().map(ConsoleStream::describe).toList()));
    }

    private static Invalidation describe(LogRecord record) {
        List<String> tables = record.event().tables();
        return new Invalidation(
                record.event().upToVersion(),
                tables.subList(0, Math.min(MOST_TABLES, tables.size())),
                tables.size(),
                record.event().committedAt());
    }
}

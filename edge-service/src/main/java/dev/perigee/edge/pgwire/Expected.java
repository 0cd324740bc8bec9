package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * A message that was sent to the server and what it will answer to it: the two are in the same order. For one session's thread.
 */
final class Expected {

    /** Of which message. */
    enum Kind {
        PARSE,
        BIND,
        DESCRIBE,
        EXECUTE,
        CLOSE,
        SYNC,
        QUERY,
        FUNCTION_CALL,
        /** A Query of the edge's own. */
        PROBE;

        /** Whether ReadyForQuery ends it. */
        boolean isCycle() {
            return this == SYNC || this == QUERY || this == FUNCTION_CALL || this == PROBE;
        }
    }

    private final Kind kind;
    private final boolean hidden;
    private final PreparedStatements.@Nullable Change change;
    private final @Nullable Recording recording;
    private final @Nullable Probe probe;
    private final @Nullable ByteArrayOutputStream description;
    private int completions;
    private boolean describing;
    private boolean inPieces;
    private int maxRows;

    private Expected(
            Kind kind,
            boolean hidden,
            PreparedStatements.@Nullable Change change,
            @Nullable Recording recording,
            @Nullable Probe probe,
            @Nullable ByteArrayOutputStream description) {
        this.kind = kind;
        this.hidden = hidden;
        this.change = change;
        this.recording = recording;
        this.probe = probe;
        this.description = description;
    }

    static Expected of(Kind kind) {
        return new Expected(kind, false, null, null, null, null);
    }

    /** One that the client has not asked for. */
    static Expected hidden(Kind kind) {
        return new Expected(kind, true, null, null, null, null);
    }

    /** One that changes statements. */
    static Expected of(Kind kind, boolean hidden, PreparedStatements.Change change) {
        return new Expected(kind, hidden, change, null, null, null);
    }

    /**
     * Of a portal that is run.
     *
     * @param maxRows all if 0
     */
    static Expected executing(@Nullable Recording recording, int maxRows) {
        Expected execute = new Expected(Kind.EXECUTE, false, null, recording, null, null);
        execute.maxRows = maxRows;
        return execute;
    }

    /** Of a message Query. */
    static Expected querying(PreparedStatements.Change change, @Nullable Recording recording) {
        return new Expected(Kind.QUERY, false, change, recording, null, null);
    }

    /** Of a Describe. */
    static Expected describing(ByteArrayOutputStream into) {
        return new Expected(Kind.DESCRIBE, false, null, null, null, into);
    }

    static Expected of(Probe probe, PreparedStatements.Change change) {
        return new Expected(Kind.PROBE, true, change, null, probe, null);
    }

    Kind kind() {
        return kind;
    }

    /** Whether the client has not asked for it. */
    boolean isHidden() {
        return hidden;
    }

    @Nullable
    Recording recording() {
        return recording;
    }

    @Nullable
    Probe probe() {
        return probe;
    }

    /**
     * A message of the answer to a Describe: with the first one a former answer is forgotten.
     *
     * @param whole whether that is all of it; if not, the answer is not known
     */
    void describe(ByteBuf message, boolean whole) {
        ByteArrayOutputStream into = description;
        if (into == null || inPieces) {
            return;
        }
        if (!whole) {
            inPieces = true;
            into.reset();
            return;
        }
        if (!describing) {
            describing = true;
            into.reset();
        }
        try {
            message.getBytes(message.readerIndex(), into, message.readableBytes());
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
    }

    /** How many rows an Execute asked for; all if 0. */
    int maxRows() {
        return maxRows;
    }

    /** How many commands of a Query have been completed, this one included. */
    int completed() {
        return ++completions;
    }

    int completions() {
        return completions;
    }

    /** It has been sent, and is not skipped as far as is known. */
    void apply() {
        if (change != null) {
            change.apply();
        }
    }

    /** As if it had not been sent; what came after it has been taken back before. */
    void undo() {
        if (change != null) {
            change.undo();
        }
    }

    /** The server has answered with an error; what came after it has been taken back before. */
    void failed() {
        spoil();
        if (change != null) {
            change.failed();
        }
    }

    void spoil() {
        if (recording != null) {
            recording.spoil();
        }
    }
}

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
    private final @Nullable Runnable ifFailed;
    private final @Nullable Runnable ifSkipped;
    private final @Nullable Recording recording;
    private final @Nullable Probe probe;
    private final @Nullable ByteArrayOutputStream description;
    private int completions;
    private boolean describing;

    private Expected(
            Kind kind,
            boolean hidden,
            @Nullable Runnable ifFailed,
            @Nullable Runnable ifSkipped,
            @Nullable Recording recording,
            @Nullable Probe probe,
            @Nullable ByteArrayOutputStream description) {
        this.kind = kind;
        this.hidden = hidden;
        this.ifFailed = ifFailed;
        this.ifSkipped = ifSkipped;
        this.recording = recording;
        this.probe = probe;
        this.description = description;
    }

    static Expected of(Kind kind) {
        return new Expected(kind, false, null, null, null, null, null);
    }

    /**
     * One that has changed what is believed of the session already.
     *
     * @param ifFailed makes up for it if the server answers with an error
     * @param ifSkipped makes up for it if the server skips it, after an error before it
     */
    static Expected of(Kind kind, boolean hidden, Runnable ifFailed, Runnable ifSkipped) {
        return new Expected(kind, hidden, ifFailed, ifSkipped, null, null, null);
    }

    /** Of a statement that is run. */
    static Expected of(Kind kind, @Nullable Recording recording) {
        return new Expected(kind, false, null, null, recording, null, null);
    }

    /** Of a Describe. */
    static Expected describing(ByteArrayOutputStream into) {
        return new Expected(Kind.DESCRIBE, false, null, null, null, null, into);
    }

    static Expected of(Probe probe) {
        return new Expected(Kind.PROBE, true, null, null, null, probe, null);
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

    /** A message of the answer to a Describe: with the first one a former answer is forgotten. */
    void describe(ByteBuf message) {
        ByteArrayOutputStream into = description;
        if (into == null) {
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

    /** How many commands of a Query have been completed, this one included. */
    int completed() {
        return ++completions;
    }

    int completions() {
        return completions;
    }

    void failed() {
        spoil();
        if (ifFailed != null) {
            ifFailed.run();
        }
    }

    void skipped() {
        spoil();
        if (ifSkipped != null) {
            ifSkipped.run();
        }
    }

    void spoil() {
        if (recording != null) {
            recording.spoil();
        }
    }
}

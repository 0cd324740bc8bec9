package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
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
    private final @Nullable Consumer<byte[]> ifDescribed;
    private @Nullable ByteArrayOutputStream description;
    private int completions;

    private Expected(
            Kind kind,
            boolean hidden,
            @Nullable Runnable ifFailed,
            @Nullable Runnable ifSkipped,
            @Nullable Recording recording,
            @Nullable Probe probe,
            @Nullable Consumer<byte[]> ifDescribed) {
        this.kind = kind;
        this.hidden = hidden;
        this.ifFailed = ifFailed;
        this.ifSkipped = ifSkipped;
        this.recording = recording;
        this.probe = probe;
        this.ifDescribed = ifDescribed;
        this.description = ifDescribed == null ? null : new ByteArrayOutputStream();
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

    /**
     * Of a Describe.
     *
     * @param ifDescribed gets the answer, all of its messages, when it is complete
     */
    static Expected describing(Consumer<byte[]> ifDescribed) {
        return new Expected(Kind.DESCRIBE, false, null, null, null, null, ifDescribed);
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

    /**
     * A message of the answer to a Describe.
     *
     * @param whole whether that is all of it; if not, nobody gets the answer
     * @param last whether the answer is complete
     */
    void described(ByteBuf message, boolean whole, boolean last) {
        ByteArrayOutputStream into = description;
        if (into == null || ifDescribed == null) {
            return;
        }
        if (!whole) {
            description = null;
            return;
        }
        try {
            message.getBytes(message.readerIndex(), into, message.readableBytes());
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        if (last) {
            ifDescribed.accept(into.toByteArray());
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

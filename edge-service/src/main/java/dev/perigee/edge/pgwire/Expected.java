package dev.perigee.edge.pgwire;

import java.io.ByteArrayOutputStream;
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
    private @Nullable Runnable ifDone;
    private int completions;
    private int maxRows;

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

    /**
     * Of an Execute.
     *
     * @param maxRows all if 0
     * @param ifDone is run when it has come to its end, or been suspended
     */
    static Expected executing(@Nullable Recording recording, int maxRows, Runnable ifDone) {
        Expected execute = of(Kind.EXECUTE, recording);
        execute.maxRows = maxRows;
        execute.ifDone = ifDone;
        return execute;
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

    /** Where the answer to a Describe goes; null if nobody wants it. */
    @Nullable
    ByteArrayOutputStream description() {
        return description;
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

    void done() {
        if (ifDone != null) {
            ifDone.run();
        }
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

package dev.perigee.edge.pgwire;

import dev.perigee.model.StreamPosition;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a read as it passes through, and what was known before the read was sent.
 *
 * <p>For one session's thread.
 */
final class Recording {

    private final long number;
    private final StatementText text;
    private final byte[] statement;
    private final byte @Nullable [] arguments;
    private final StreamPosition readAt;
    private final long ticket;
    private final long askedAt;
    private final int most;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private @Nullable ByteArrayOutputStream description;
    private int maxRows;
    private @Nullable Prepared prepared;
    private byte @Nullable [] settled;
    private boolean spoilt;

    /**
     * Begins.
     *
     * @param number of the read
     * @param statement the text, and for a portal the declared types
     * @param arguments of a portal; null for a message Query
     * @param readAt everything at or below it will be in the result
     * @param ticket of the cache
     * @param askedAt monotonic, nanoseconds
     * @param most the most bytes worth keeping
     */
    Recording(
            long number,
            StatementText text,
            byte[] statement,
            byte @Nullable [] arguments,
            StreamPosition readAt,
            long ticket,
            long askedAt,
            int most) {
        this.number = number;
        this.text = text;
        this.statement = statement;
        this.arguments = arguments;
        this.readAt = readAt;
        this.ticket = ticket;
        this.askedAt = askedAt;
        this.most = most;
    }

    /**
     * It is of a portal.
     *
     * @param statement that it was made from
     * @param messages the answer to its Describe, which comes before, and is filled in until then
     */
    void of(Prepared statement, ByteArrayOutputStream messages) {
        prepared = statement;
        description = messages;
    }

    /** The portal was suspended: these are the first rows alone, and good for whoever asks for as many. */
    void limitedTo(int rows) {
        maxRows = rows;
    }

    /** The answer is complete: what comes later is not part of it. */
    void settle() {
        settled = all();
        if (prepared != null) {
            prepared.provenAt(readAt);
        }
    }

    /** A message of the answer. */
    void add(ByteBuf message) {
        if (spoilt) {
            return;
        }
        if (bytes.size() + message.readableBytes() > most) {
            spoil();
            return;
        }
        try {
            message.getBytes(message.readerIndex(), bytes, message.readableBytes());
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
    }

    /** It is not to be kept. */
    void spoil() {
        spoilt = true;
        bytes.reset();
    }

    boolean isSpoilt() {
        return spoilt;
    }

    /** How large a message may be to fit in yet. */
    int room() {
        return spoilt ? 0 : most - bytes.size();
    }

    /** RowDescription if it was asked for, and the rest; once it is settled, for any thread. */
    byte[] bytes() {
        byte[] bytes = settled;
        return bytes == null ? all() : bytes;
    }

    private byte[] all() {
        ByteArrayOutputStream before = description;
        if (before == null || before.size() == 0) {
            return bytes.toByteArray();
        }
        byte[] all = Arrays.copyOf(before.toByteArray(), before.size() + bytes.size());
        System.arraycopy(bytes.toByteArray(), 0, all, before.size(), bytes.size());
        return all;
    }

    long number() {
        return number;
    }

    StatementText text() {
        return text;
    }

    byte @Nullable [] arguments() {
        return arguments;
    }

    StreamPosition readAt() {
        return readAt;
    }

    long ticket() {
        return ticket;
    }

    long askedAt() {
        return askedAt;
    }

    WireKey key(SessionContext context) {
        return arguments == null
                ? WireKey.simple(context, statement)
                : WireKey.extended(context, statement, arguments, maxRows);
    }
}

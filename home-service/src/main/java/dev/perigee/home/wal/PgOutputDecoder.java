package dev.perigee.home.wal;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one message of pgoutput, protocol version 1. Every length is checked before it is believed, and the message must
 * end where the frame ends. Stateless, thread-safe.
 */
final class PgOutputDecoder {

    /** Messages for Perigee begin with this. */
    static final String PREFIX = "perigee.";

    /** Room for the names of the tables of the largest manual invalidation. */
    static final int MAX_CONTENT = 1 << 20;

    private PgOutputDecoder() {}

    /**
     * Reads the message, and the buffer to its end.
     *
     * @throws PgOutputException if it is anything else
     */
    static PgOutputMessage decode(ByteBuf in) {
        PgOutputMessage message = message(in);
        if (in.isReadable()) {
            throw new PgOutputException(in.readableBytes() + " bytes after the end of a message");
        }
        return message;
    }

    private static PgOutputMessage message(ByteBuf in) {
        byte type = int8(in);
        return switch (type) {
            case 'B' -> new PgOutputMessage.Begin(int64(in), int64(in), int32(in));
            case 'C' -> commit(in);
            case 'O' -> new PgOutputMessage.Origin(int64(in), string(in));
            case 'R' -> relation(in);
            case 'Y' -> new PgOutputMessage.Type(int32(in), string(in), string(in));
            case 'I' -> insert(in);
            case 'U' -> update(in);
            case 'D' -> delete(in);
            case 'T' -> truncate(in);
            case 'M' -> logicalMessage(in);
            default -> throw new PgOutputException("unknown message type " + (type & 0xff));
        };
    }

    private static PgOutputMessage commit(ByteBuf in) {
        int8(in); // flags, unused
        return new PgOutputMessage.Commit(int64(in), int64(in), int64(in));
    }

    private static PgOutputMessage relation(ByteBuf in) {
        PgOutputMessage.Relation relation = new PgOutputMessage.Relation(int32(in), string(in), string(in));
        int8(in); // replica identity
        int columns = int16(in);
        for (int i = 0; i < columns; i++) {
            int8(in); // part of the key
            skipString(in);
            skip(in, 2 * Integer.BYTES); // type, modifier
        }
        return relation;
    }

    private static PgOutputMessage insert(ByteBuf in) {
        int oid = int32(in);
        expect(int8(in), 'N');
        skipTuple(in);
        return new PgOutputMessage.Insert(oid);
    }

    private static PgOutputMessage update(ByteBuf in) {
        int oid = int32(in);
        byte marker = int8(in);
        if (marker == 'K' || marker == 'O') {
            skipTuple(in);
            marker = int8(in);
        }
        expect(marker, 'N');
        skipTuple(in);
        return new PgOutputMessage.Update(oid);
    }

    private static PgOutputMessage delete(ByteBuf in) {
        int oid = int32(in);
        byte marker = int8(in);
        if (marker != 'K') {
            expect(marker, 'O');
        }
        skipTuple(in);
        return new PgOutputMessage.Delete(oid);
    }

    private static PgOutputMessage truncate(ByteBuf in) {
        int count = int32(in);
        int8(in); // CASCADE, RESTART IDENTITY
        if (count < 1 || count > in.readableBytes() / Integer.BYTES) {
            throw new PgOutputException("truncate of " + count + " relations");
        }
        List<Integer> oids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            oids.add(int32(in));
        }
        return new PgOutputMessage.Truncate(List.copyOf(oids));
    }

    private static PgOutputMessage logicalMessage(ByteBuf in) {
        boolean transactional = (int8(in) & 1) != 0;
        long lsn = int64(in);
        String prefix = string(in);
        int length = int32(in);
        need(in, length);
        return new PgOutputMessage.Message(transactional, lsn, prefix, content(in, prefix, length));
    }

    private static @Nullable String content(ByteBuf in, String prefix, int length) {
        if (!prefix.startsWith(PREFIX) || length > MAX_CONTENT) {
            in.skipBytes(length);
            return null;
        }
        return in.readCharSequence(length, StandardCharsets.UTF_8).toString();
    }

    private static void skipTuple(ByteBuf in) {
        int columns = int16(in);
        for (int i = 0; i < columns; i++) {
            byte kind = int8(in);
            switch (kind) {
                case 'n', 'u' -> {} // null; unchanged, out of line
                case 't', 'b' -> skip(in, int32(in));
                default -> throw new PgOutputException("unknown kind of column " + (kind & 0xff));
            }
        }
    }

    private static void expect(byte marker, char expected) {
        if (marker != expected) {
            throw new PgOutputException("expected " + expected + ", found " + (marker & 0xff));
        }
    }

    private static byte int8(ByteBuf in) {
        need(in, Byte.BYTES);
        return in.readByte();
    }

    private static int int16(ByteBuf in) {
        need(in, Short.BYTES);
        return in.readUnsignedShort();
    }

    private static int int32(ByteBuf in) {
        need(in, Integer.BYTES);
        return in.readInt();
    }

    private static long int64(ByteBuf in) {
        need(in, Long.BYTES);
        return in.readLong();
    }

    private static String string(ByteBuf in) {
        int length = stringLength(in);
        String text = in.readCharSequence(length, StandardCharsets.UTF_8).toString();
        in.skipBytes(1);
        return text;
    }

    private static void skipString(ByteBuf in) {
        in.skipBytes(stringLength(in) + 1);
    }

    private static int stringLength(ByteBuf in) {
        int length = in.bytesBefore((byte) 0);
        if (length < 0) {
            throw new PgOutputException("a string without end");
        }
        return length;
    }

    private static void skip(ByteBuf in, int length) {
        need(in, length);
        in.skipBytes(length);
    }

    private static void need(ByteBuf in, int length) {
        if (length < 0 || length > in.readableBytes()) {
            throw new PgOutputException("a length of " + length + " where " + in.readableBytes() + " bytes are left");
        }
    }
}

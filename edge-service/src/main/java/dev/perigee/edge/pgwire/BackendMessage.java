package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages of the server, as far as a session tells them apart, and those it writes itself. */
final class BackendMessage {

    static final byte AUTHENTICATION = 'R';
    static final byte BACKEND_KEY_DATA = 'K';
    static final byte PARAMETER_STATUS = 'S';
    static final byte NEGOTIATE_PROTOCOL_VERSION = 'v';
    static final byte READY_FOR_QUERY = 'Z';
    static final byte ERROR_RESPONSE = 'E';
    static final byte NOTICE_RESPONSE = 'N';
    static final byte NOTIFICATION_RESPONSE = 'A';
    static final byte PARSE_COMPLETE = '1';
    static final byte BIND_COMPLETE = '2';
    static final byte CLOSE_COMPLETE = '3';
    static final byte PARAMETER_DESCRIPTION = 't';
    static final byte ROW_DESCRIPTION = 'T';
    static final byte NO_DATA = 'n';
    static final byte DATA_ROW = 'D';
    static final byte COMMAND_COMPLETE = 'C';
    static final byte EMPTY_QUERY_RESPONSE = 'I';
    static final byte PORTAL_SUSPENDED = 's';
    static final byte FUNCTION_CALL_RESPONSE = 'V';
    static final byte COPY_IN_RESPONSE = 'G';
    static final byte COPY_OUT_RESPONSE = 'H';
    static final byte COPY_BOTH_RESPONSE = 'W';
    static final byte COPY_DATA = 'd';
    static final byte COPY_DONE = 'c';

    /** ReadyForQuery outside a transaction block. */
    static final byte IDLE = 'I';

    /** In a transaction block that has not failed. */
    static final byte IN_BLOCK = 'T';

    private static final ByteBuf READY_IDLE = constant(READY_FOR_QUERY, IDLE);
    private static final ByteBuf READY_IN_BLOCK = constant(READY_FOR_QUERY, IN_BLOCK);
    private static final ByteBuf PARSED = constant(PARSE_COMPLETE);
    private static final ByteBuf BOUND = constant(BIND_COMPLETE);
    private static final ByteBuf CLOSED = constant(CLOSE_COMPLETE);
    private static final ByteBuf SUSPENDED = constant(PORTAL_SUSPENDED);

    private static final int TEXT_OID = 25;

    private BackendMessage() {}

    static ByteBuf readyForQuery() {
        return READY_IDLE.duplicate();
    }

    /**
     * Says how it stands with the transaction block, too.
     *
     * @param status as the server said it last
     */
    static ByteBuf readyForQuery(byte status) {
        return status == IDLE ? readyForQuery() : READY_IN_BLOCK.duplicate();
    }

    static ByteBuf parseComplete() {
        return PARSED.duplicate();
    }

    static ByteBuf bindComplete() {
        return BOUND.duplicate();
    }

    static ByteBuf closeComplete() {
        return CLOSED.duplicate();
    }

    static ByteBuf portalSuspended() {
        return SUSPENDED.duplicate();
    }

    /** RowDescription of columns that are all text. */
    static void writeTextColumns(ByteBuf out, List<String> names) {
        int start = begin(out, ROW_DESCRIPTION);
        out.writeShort(names.size());
        for (String name : names) {
            writeString(out, name);
            out.writeInt(0)
                    .writeShort(0)
                    .writeInt(TEXT_OID)
                    .writeShort(-1)
                    .writeInt(-1)
                    .writeShort(0);
        }
        end(out, start);
    }

    /** DataRow of values that are all text. */
    static void writeRow(ByteBuf out, List<@Nullable String> values) {
        int start = begin(out, DATA_ROW);
        out.writeShort(values.size());
        for (String value : values) {
            if (value == null) {
                out.writeInt(-1);
            } else {
                byte[] text = value.getBytes(StandardCharsets.UTF_8);
                out.writeInt(text.length).writeBytes(text);
            }
        }
        end(out, start);
    }

    /** CommandComplete. */
    static void writeCommandComplete(ByteBuf out, String tag) {
        int start = begin(out, COMMAND_COMPLETE);
        writeString(out, tag);
        end(out, start);
    }

    /** ParameterDescription of a statement without parameters. */
    static void writeNoParameters(ByteBuf out) {
        int start = begin(out, PARAMETER_DESCRIPTION);
        out.writeShort(0);
        end(out, start);
    }

    /** The client's own message Query, to the server. */
    static ByteBuf query(ByteBufAllocator allocator, String sql) {
        ByteBuf out = allocator.buffer(sql.length() + 8);
        int start = begin(out, FrontendMessage.QUERY);
        writeString(out, sql);
        end(out, start);
        return out;
    }

    /** The client's own message Parse, to the server. */
    static ByteBuf parse(ByteBufAllocator allocator, String name, byte[] statement) {
        ByteBuf out = allocator.buffer(statement.length + name.length() + 8);
        int start = begin(out, FrontendMessage.PARSE);
        out.writeCharSequence(name, StandardCharsets.ISO_8859_1);
        out.writeByte(0).writeBytes(statement);
        end(out, start);
        return out;
    }

    /** A message Close for a statement, to the server. */
    static ByteBuf close(ByteBufAllocator allocator, String name) {
        ByteBuf out = allocator.buffer(name.length() + 7);
        int start = begin(out, FrontendMessage.CLOSE);
        out.writeByte(FrontendMessage.STATEMENT);
        out.writeCharSequence(name, StandardCharsets.ISO_8859_1);
        out.writeByte(0);
        end(out, start);
        return out;
    }

    /**
     * Reads a row of text, byte for byte as Latin-1: it is in the client's encoding.
     *
     * @throws ProtocolViolation if it is none
     */
    static List<@Nullable String> row(ByteBuf message) throws ProtocolViolation {
        ByteBuf body = message.slice(
                message.readerIndex() + MessageFramer.HEADER, message.readableBytes() - MessageFramer.HEADER);
        try {
            int count = body.readUnsignedShort();
            List<@Nullable String> values = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                int length = body.readInt();
                if (length < 0) {
                    values.add(null);
                } else {
                    values.add(body.readString(length, StandardCharsets.ISO_8859_1));
                }
            }
            return values;
        } catch (IndexOutOfBoundsException short_) {
            throw new ProtocolViolation("a row that ends early");
        }
    }

    private static int begin(ByteBuf out, byte type) {
        out.writeByte(type);
        int start = out.writerIndex();
        out.writeInt(0);
        return start;
    }

    private static void end(ByteBuf out, int start) {
        out.setInt(start, out.writerIndex() - start);
    }

    private static void writeString(ByteBuf out, String text) {
        out.writeCharSequence(text, StandardCharsets.UTF_8);
        out.writeByte(0);
    }

    private static ByteBuf constant(byte type, byte... body) {
        ByteBuf message = Unpooled.directBuffer(MessageFramer.HEADER + body.length)
                .writeByte(type)
                .writeInt(4 + body.length)
                .writeBytes(body);
        return Unpooled.unreleasableBuffer(message.asReadOnly());
    }
}

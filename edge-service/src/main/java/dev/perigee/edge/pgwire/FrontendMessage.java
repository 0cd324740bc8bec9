package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;

/**
 * The messages of a client that a session looks into. Names are kept byte for byte, as Latin-1, since they are in the
 * client's encoding.
 */
@SuppressWarnings("ArrayRecordComponent") // read once, and never compared
sealed interface FrontendMessage {

    byte QUERY = 'Q';
    byte PARSE = 'P';
    byte BIND = 'B';
    byte DESCRIBE = 'D';
    byte EXECUTE = 'E';
    byte CLOSE = 'C';
    byte SYNC = 'S';
    byte FLUSH = 'H';
    byte FUNCTION_CALL = 'F';
    byte COPY_DATA = 'd';
    byte COPY_DONE = 'c';
    byte COPY_FAIL = 'f';
    byte TERMINATE = 'X';
    byte PASSWORD = 'p';

    /** Describe and Close are about a prepared statement or about a portal. */
    byte STATEMENT = 'S';

    byte PORTAL = 'P';

    /**
     * Statements, to be run at once.
     *
     * @param sql in the client's encoding
     */
    record Query(byte[] sql) implements FrontendMessage {

        static Query of(ByteBuf message) throws ProtocolViolation {
            ByteBuf body = body(message);
            byte[] sql = readText(body);
            end(body);
            return new Query(sql);
        }
    }

    /**
     * A statement to be prepared.
     *
     * @param name empty for the unnamed one
     * @param sql in the client's encoding
     * @param statement all that follows the name: the text, and the types of parameters as declared
     */
    record Parse(String name, byte[] sql, byte[] statement) implements FrontendMessage {

        static Parse of(ByteBuf message) throws ProtocolViolation {
            ByteBuf body = body(message);
            String name = readName(body);
            byte[] statement = ByteBufUtil.getBytes(body, body.readerIndex(), body.readableBytes());
            byte[] sql = readText(body);
            if (body.readableBytes() < 2 || body.readUnsignedShort() * 4 != body.readableBytes()) {
                throw new ProtocolViolation("invalid message format");
            }
            return new Parse(name, sql, statement);
        }
    }

    /**
     * Parameters for a prepared statement.
     *
     * @param portal empty for the unnamed one
     * @param statement the name it was prepared under
     * @param arguments all that follows the names: formats and values of parameters, formats of results
     */
    record Bind(String portal, String statement, byte[] arguments) implements FrontendMessage {

        static Bind of(ByteBuf message) throws ProtocolViolation {
            ByteBuf body = body(message);
            String portal = readName(body);
            String statement = readName(body);
            return new Bind(portal, statement, ByteBufUtil.getBytes(body, body.readerIndex(), body.readableBytes()));
        }

        /** The names alone, of a message that is too large to be looked into. */
        static Bind namesOf(ByteBuf head) throws ProtocolViolation {
            ByteBuf body = body(head);
            return new Bind(readName(body), readName(body), new byte[0]);
        }
    }

    /**
     * What will a statement or a portal give?
     *
     * @param kind {@link #STATEMENT} or {@link #PORTAL}
     */
    record Describe(byte kind, String name) implements FrontendMessage {

        static Describe of(ByteBuf message) throws ProtocolViolation {
            ByteBuf body = body(message);
            byte kind = readKind(body);
            String name = readName(body);
            end(body);
            return new Describe(kind, name);
        }
    }

    /**
     * Runs a portal.
     *
     * @param maxRows all if it is 0 or less
     */
    record Execute(String portal, int maxRows) implements FrontendMessage {

        static Execute of(ByteBuf message) throws ProtocolViolation {
            ByteBuf body = body(message);
            String portal = readName(body);
            if (body.readableBytes() != 4) {
                throw new ProtocolViolation("invalid message format");
            }
            return new Execute(portal, Math.max(0, body.readInt()));
        }
    }

    /**
     * Ends a statement or a portal.
     *
     * @param kind {@link #STATEMENT} or {@link #PORTAL}
     */
    record Close(byte kind, String name) implements FrontendMessage {

        static Close of(ByteBuf message) throws ProtocolViolation {
            ByteBuf body = body(message);
            byte kind = readKind(body);
            String name = readName(body);
            end(body);
            return new Close(kind, name);
        }
    }

    /** The name at the beginning of a message that is too large to be looked into. */
    static String nameAtHead(ByteBuf head) throws ProtocolViolation {
        return readName(body(head));
    }

    private static ByteBuf body(ByteBuf message) {
        return message.slice(
                message.readerIndex() + MessageFramer.HEADER, message.readableBytes() - MessageFramer.HEADER);
    }

    private static byte readKind(ByteBuf body) throws ProtocolViolation {
        if (body.isReadable()) {
            byte kind = body.readByte();
            if (kind == STATEMENT || kind == PORTAL) {
                return kind;
            }
        }
        throw new ProtocolViolation("invalid message format");
    }

    private static String readName(ByteBuf body) throws ProtocolViolation {
        int length = body.bytesBefore((byte) 0);
        if (length < 0) {
            throw new ProtocolViolation("invalid string in message");
        }
        // Most are empty.
        String name = length == 0 ? "" : body.toString(body.readerIndex(), length, StandardCharsets.ISO_8859_1);
        body.skipBytes(length + 1);
        return name;
    }

    private static byte[] readText(ByteBuf body) throws ProtocolViolation {
        int length = body.bytesBefore((byte) 0);
        if (length < 0) {
            throw new ProtocolViolation("invalid string in message");
        }
        byte[] text = new byte[length];
        body.readBytes(text).skipBytes(1);
        return text;
    }

    private static void end(ByteBuf body) throws ProtocolViolation {
        if (body.isReadable()) {
            throw new ProtocolViolation("invalid message format");
        }
    }
}

package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Says to a client, in the server's place, what went wrong.
 *
 * @param severity {@code FATAL} if the connection is closed after it, otherwise {@code ERROR}; never localized
 * @param code SQLSTATE
 * @param detail more of it; null if there is no more
 * @param hint what to do about it; null if that is not known
 */
record ErrorResponse(
        String severity,
        String code,
        String message,
        @Nullable String detail,
        @Nullable String hint) {

    static final String PROTOCOL_VIOLATION = "08P01";
    static final String FEATURE_NOT_SUPPORTED = "0A000";
    static final String INVALID_AUTHORIZATION = "28000";
    static final String TOO_MANY_CONNECTIONS = "53300";
    static final String ADMIN_SHUTDOWN = "57P01";

    private static final int LENGTH_AT = 1;

    static ErrorResponse fatal(String code, String message) {
        return new ErrorResponse("FATAL", code, message, null, null);
    }

    static ErrorResponse error(String code, String message) {
        return new ErrorResponse("ERROR", code, message, null, null);
    }

    /** What PostgreSQL says when it is stopped. */
    static ErrorResponse shutdown() {
        return fatal(ADMIN_SHUTDOWN, "terminating connection due to administrator command");
    }

    ErrorResponse withDetail(String text) {
        return new ErrorResponse(severity, code, message, text, hint);
    }

    ErrorResponse withHint(String text) {
        return new ErrorResponse(severity, code, message, detail, text);
    }

    /** Whether a message of the server says that it ends the session. */
    static boolean isFatal(ByteBuf message) {
        int at = message.readerIndex() + MessageFramer.HEADER;
        while (at < message.writerIndex() && message.getByte(at) != 0) {
            int end = message.indexOf(at, message.writerIndex(), (byte) 0);
            if (end < 0) {
                return false;
            }
            if (message.getByte(at) == 'V') {
                String severity = message.toString(at + 1, end - at - 1, StandardCharsets.US_ASCII);
                return severity.equals("FATAL") || severity.equals("PANIC");
            }
            at = end + 1;
        }
        return false;
    }

    /** The whole message. */
    ByteBuf encode(ByteBufAllocator allocator) {
        ByteBuf out = allocator.buffer();
        out.writeByte('E').writeInt(0);
        field(out, 'S', severity);
        field(out, 'V', severity);
        field(out, 'C', code);
        field(out, 'M', message);
        field(out, 'D', detail);
        field(out, 'H', hint);
        out.writeByte(0);
        return out.setInt(LENGTH_AT, out.readableBytes() - LENGTH_AT);
    }

    private static void field(ByteBuf out, char type, @Nullable String value) {
        if (value != null) {
            out.writeByte(type);
            // A zero byte would end the field, and what follows be taken for another one.
            ByteBufUtil.writeUtf8(out, value.replace('\0', ' '));
            out.writeByte(0);
        }
    }
}

package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Messages of both sides, written out by the manual's "Message Formats" and not by the code under test. */
final class Wire {

    static final byte[] SYNC = message('S');
    static final byte[] FLUSH = message('H');
    static final byte[] TERMINATE = message('X');
    static final byte[] PARSED = message('1');
    static final byte[] BOUND = message('2');
    static final byte[] CLOSED = message('3');
    static final byte[] NO_DATA = message('n');
    static final byte[] SUSPENDED = message('s');
    static final byte[] READY = ready('I');

    private Wire() {}

    /**
     * A message.
     *
     * @param parts a String with a zero byte after it, an Integer of four bytes, a Short of two, a Byte, bytes as they are
     */
    static byte[] message(char type, Object... parts) {
        ByteBuf out = Unpooled.buffer().writeByte(type).writeInt(0);
        for (Object part : parts) {
            if (part instanceof String text) {
                out.writeCharSequence(text, StandardCharsets.UTF_8);
                out.writeByte(0);
            } else if (part instanceof Integer number) {
                out.writeInt(number);
            } else if (part instanceof Short number) {
                out.writeShort(number);
            } else if (part instanceof Byte number) {
                out.writeByte(number);
            } else {
                out.writeBytes((byte[]) part);
            }
        }
        return ByteBufUtil.getBytes(out.setInt(1, out.readableBytes() - 1));
    }

    static byte[] query(String sql) {
        return message('Q', sql);
    }

    static byte[] parse(String name, String sql, Integer... types) {
        return message(
                'P',
                Stream.concat(Stream.of(name, sql, (short) types.length), Arrays.stream(types))
                        .toArray());
    }

    static byte[] bind(String portal, String statement, String... values) {
        List<Object> parts = new ArrayList<>(List.of(portal, statement, (short) 0, (short) values.length));
        for (String value : values) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            parts.add(bytes.length);
            parts.add(bytes);
        }
        parts.add((short) 0);
        return message('B', parts.toArray());
    }

    static byte[] describeStatement(String name) {
        return message('D', (byte) 'S', name);
    }

    static byte[] describePortal(String name) {
        return message('D', (byte) 'P', name);
    }

    static byte[] execute(String portal) {
        return execute(portal, 0);
    }

    static byte[] execute(String portal, int maxRows) {
        return message('E', portal, maxRows);
    }

    static byte[] closeStatement(String name) {
        return message('C', (byte) 'S', name);
    }

    static byte[] closePortal(String name) {
        return message('C', (byte) 'P', name);
    }

    static byte[] columns(String... names) {
        List<Object> parts = new ArrayList<>(List.of((short) names.length));
        for (String name : names) {
            parts.addAll(List.of(name, 0, (short) 0, 25, (short) -1, -1, (short) 0));
        }
        return message('T', parts.toArray());
    }

    static byte[] parameters(Integer... types) {
        return message(
                't',
                Stream.concat(Stream.of((short) types.length), Arrays.stream(types))
                        .toArray());
    }

    static byte[] row(String... values) {
        List<Object> parts = new ArrayList<>(List.of((short) values.length));
        for (String value : values) {
            byte[] bytes = value == null ? new byte[0] : value.getBytes(StandardCharsets.UTF_8);
            parts.add(value == null ? -1 : bytes.length);
            parts.add(bytes);
        }
        return message('D', parts.toArray());
    }

    static byte[] complete(String tag) {
        return message('C', tag);
    }

    static byte[] ready(char status) {
        return message('Z', (byte) status);
    }

    static byte[] error(String severity, String code) {
        return message('E', (byte) 'S', severity, (byte) 'V', severity, (byte) 'C', code, (byte) 'M', "text", (byte) 0);
    }

    static byte[] error() {
        return error("ERROR", "22012");
    }

    static byte[] notice() {
        return message('N', (byte) 'S', "NOTICE", (byte) 'M', "text", (byte) 0);
    }

    static byte[] join(byte[]... messages) {
        ByteBuf out = Unpooled.buffer();
        for (byte[] message : messages) {
            out.writeBytes(message);
        }
        return ByteBufUtil.getBytes(out);
    }

    /** Cuts bytes into messages; a rest that is none is one of its own. */
    static List<byte[]> split(byte[] bytes) {
        List<byte[]> messages = new ArrayList<>();
        ByteBuf in = Unpooled.wrappedBuffer(bytes);
        while (in.isReadable()) {
            int length = in.readableBytes();
            if (length >= 5 && in.getInt(in.readerIndex() + 1) < length) {
                length = in.getInt(in.readerIndex() + 1) + 1;
            }
            byte[] message = new byte[length];
            in.readBytes(message);
            messages.add(message);
        }
        return messages;
    }

    /** A message for people: its type, and the text in it; {@code Qselect 1}, {@code D1|2}, {@code S}. */
    static String show(byte[] message) {
        StringBuilder text = new StringBuilder().append((char) message[0]);
        if (message[0] == 'D' && message.length > 6 && message[5] == 0) {
            return text.append(String.join("|", values(message))).toString();
        }
        for (int at = 5; at < message.length; at++) {
            if (message[at] >= ' ' && message[at] < 127) {
                text.append((char) message[at]);
            }
        }
        return text.toString();
    }

    private static List<String> values(byte[] row) {
        ByteBuf in = Unpooled.wrappedBuffer(row).skipBytes(5);
        int count = in.readUnsignedShort();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = in.readInt();
            values.add(length < 0 ? "-" : in.readString(length, StandardCharsets.UTF_8));
        }
        return values;
    }

    static List<String> show(List<byte[]> messages) {
        return messages.stream().map(Wire::show).toList();
    }
}

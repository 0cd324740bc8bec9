package dev.perigee.e2e;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Messages of PostgreSQL's frontend, byte by byte (manual, "Message Formats"). */
final class PgMessages {

    static final int PROTOCOL_3_0 = 3 << 16;
    static final int TEXT = 0;
    static final int BINARY = 1;

    private PgMessages() {}

    private interface Body {
        void writeTo(DataOutputStream out) throws IOException;
    }

    private static byte[] message(int type, Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            body.writeTo(out);
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return raw(type, bytes.toByteArray());
    }

    /** A message of this type, or a packet without one if that is 0. */
    static byte[] raw(int type, byte[] body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            if (type != 0) {
                out.writeByte(type);
            }
            out.writeInt(body.length + 4);
            out.write(body);
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return bytes.toByteArray();
    }

    private static void string(DataOutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
    }

    static byte[] startup(int version, Map<String, String> parameters) {
        return message(0, out -> {
            out.writeInt(version);
            for (Map.Entry<String, String> parameter : parameters.entrySet()) {
                string(out, parameter.getKey());
                string(out, parameter.getValue());
            }
            out.writeByte(0);
        });
    }

    static byte[] query(String sql) {
        return message('Q', out -> string(out, sql));
    }

    /** A Query in another encoding than UTF-8. */
    static byte[] query(byte[] sql) {
        return message('Q', out -> {
            out.write(sql);
            out.writeByte(0);
        });
    }

    static byte[] parse(String name, String sql, int... types) {
        return message('P', out -> {
            string(out, name);
            string(out, sql);
            out.writeShort(types.length);
            for (int type : types) {
                out.writeInt(type);
            }
        });
    }

    /** Formats are none, one for all, or one each; a parameter that is null is NULL. */
    static byte[] bind(String portal, String statement, int[] formats, List<byte[]> parameters, int... resultFormats) {
        return message('B', out -> {
            string(out, portal);
            string(out, statement);
            shorts(out, formats);
            out.writeShort(parameters.size());
            for (byte[] parameter : parameters) {
                out.writeInt(parameter == null ? -1 : parameter.length);
                if (parameter != null) {
                    out.write(parameter);
                }
            }
            shorts(out, resultFormats);
        });
    }

    /** Parameters and results as text. */
    static byte[] bind(String portal, String statement, String... parameters) {
        return bind(portal, statement, new int[0], texts(parameters));
    }

    static List<byte[]> texts(String... values) {
        byte[][] bytes = new byte[values.length][];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = values[i] == null ? null : values[i].getBytes(StandardCharsets.UTF_8);
        }
        return Arrays.asList(bytes);
    }

    private static void shorts(DataOutputStream out, int[] values) throws IOException {
        out.writeShort(values.length);
        for (int value : values) {
            out.writeShort(value);
        }
    }

    /** Of a statement, S, or a portal, P. */
    static byte[] describe(char kind, String name) {
        return named('D', kind, name);
    }

    static byte[] close(char kind, String name) {
        return named('C', kind, name);
    }

    private static byte[] named(int type, char kind, String name) {
        return message(type, out -> {
            out.writeByte(kind);
            string(out, name);
        });
    }

    static byte[] execute(String portal, int maxRows) {
        return message('E', out -> {
            string(out, portal);
            out.writeInt(maxRows);
        });
    }

    static byte[] sync() {
        return raw('S', new byte[0]);
    }

    static byte[] flush() {
        return raw('H', new byte[0]);
    }

    static byte[] terminate() {
        return raw('X', new byte[0]);
    }

    static byte[] copyData(byte[] data) {
        return raw('d', data);
    }

    static byte[] copyDone() {
        return raw('c', new byte[0]);
    }

    static byte[] copyFail(String why) {
        return message('f', out -> string(out, why));
    }

    static byte[] password(byte[] body) {
        return raw('p', body);
    }

    static byte[] call(int function, int[] formats, List<byte[]> arguments, int resultFormat) {
        return message('F', out -> {
            out.writeInt(function);
            shorts(out, formats);
            out.writeShort(arguments.size());
            for (byte[] argument : arguments) {
                out.writeInt(argument == null ? -1 : argument.length);
                if (argument != null) {
                    out.write(argument);
                }
            }
            out.writeShort(resultFormat);
        });
    }

    /** All messages of a statement by the extended protocol, unnamed, with a description of its rows. */
    static byte[] extended(String sql, String... parameters) {
        return all(parse("", sql), bind("", "", parameters), describe('P', ""), execute("", 0), sync());
    }

    static byte[] all(byte[]... messages) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            bytes.writeBytes(message);
        }
        return bytes.toByteArray();
    }
}

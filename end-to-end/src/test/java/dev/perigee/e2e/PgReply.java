package dev.perigee.e2e;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A message of PostgreSQL's backend: its type, and what follows the length. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PgReply(char type, byte[] body) {

    /** How many bytes it takes on the wire. */
    int size() {
        return body.length + 5;
    }

    /** The values of a DataRow as text, in Latin 1 so that no byte is lost; null for NULL. */
    List<String> row() {
        ByteBuffer in = ByteBuffer.wrap(body);
        List<String> values = new ArrayList<>();
        int count = in.getShort();
        for (int i = 0; i < count; i++) {
            int length = in.getInt();
            if (length < 0) {
                values.add(null);
            } else {
                values.add(new String(body, in.position(), length, StandardCharsets.ISO_8859_1));
                in.position(in.position() + length);
            }
        }
        return values;
    }

    /** The values of a DataRow, byte by byte. */
    List<byte[]> rowBytes() {
        List<byte[]> bytes = new ArrayList<>();
        row().forEach(value -> bytes.add(value == null ? null : value.getBytes(StandardCharsets.ISO_8859_1)));
        return bytes;
    }

    /** A field of an ErrorResponse or NoticeResponse; empty if it is not there. */
    String field(char code) {
        for (String field : text().split("\0", -1)) {
            if (!field.isEmpty() && field.charAt(0) == code) {
                return field.substring(1);
            }
        }
        return "";
    }

    String text() {
        return new String(body, StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        String printable = text().replaceAll("[^\\x20-\\x7e]", ".");
        return type + "[" + (printable.length() > 300 ? printable.substring(0, 300) + "…" : printable) + "]"
                + body.length;
    }
}

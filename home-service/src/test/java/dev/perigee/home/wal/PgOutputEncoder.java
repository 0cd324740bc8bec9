package dev.perigee.home.wal;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Writes messages of pgoutput as the manual has them ("Logical Replication Message Formats"), with random filling. */
final class PgOutputEncoder {

    private final Random random;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    private PgOutputEncoder(Random random) {
        this.random = random;
    }

    static byte[] encode(PgOutputMessage message, Random random) {
        PgOutputEncoder encoder = new PgOutputEncoder(random);
        try {
            encoder.write(message);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return encoder.bytes.toByteArray();
    }

    /** Any message; its content as a decoder should give it. */
    static PgOutputMessage any(Random random) {
        int oid = random.nextInt();
        return switch (random.nextInt(10)) {
            case 0 -> new PgOutputMessage.Begin(random.nextLong(), random.nextLong(), random.nextInt());
            case 1 -> new PgOutputMessage.Commit(random.nextLong(), random.nextLong(), random.nextLong());
            case 2 -> new PgOutputMessage.Origin(random.nextLong(), name(random));
            case 3 -> new PgOutputMessage.Relation(oid, name(random), name(random));
            case 4 -> new PgOutputMessage.Type(oid, name(random), name(random));
            case 5 -> new PgOutputMessage.Insert(oid);
            case 6 -> new PgOutputMessage.Update(oid);
            case 7 -> new PgOutputMessage.Delete(oid);
            case 8 ->
                new PgOutputMessage.Truncate(IntStream.rangeClosed(0, random.nextInt(5))
                        .map(i -> random.nextInt())
                        .boxed()
                        .toList());
            default -> {
                boolean ours = random.nextBoolean();
                yield new PgOutputMessage.Message(
                        random.nextBoolean(),
                        random.nextLong(),
                        (ours ? PgOutputDecoder.PREFIX : "") + "x" + name(random),
                        ours ? name(random) : null);
            }
        };
    }

    private static String name(Random random) {
        return List.of("", "public", "users", "Zwölf", "\uD83D\uDE00", "a\"b.c", "x".repeat(63))
                .get(random.nextInt(7));
    }

    private void write(PgOutputMessage message) throws IOException {
        if (message instanceof PgOutputMessage.Begin begin) {
            out.writeByte('B');
            out.writeLong(begin.commitLsn());
            out.writeLong(begin.commitMicros());
            out.writeInt(begin.xid());
        } else if (message instanceof PgOutputMessage.Commit commit) {
            out.writeByte('C');
            out.writeByte(0);
            out.writeLong(commit.commitLsn());
            out.writeLong(commit.endLsn());
            out.writeLong(commit.commitMicros());
        } else if (message instanceof PgOutputMessage.Origin origin) {
            out.writeByte('O');
            out.writeLong(origin.commitLsn());
            string(origin.name());
        } else if (message instanceof PgOutputMessage.Relation relation) {
            relation(relation);
        } else if (message instanceof PgOutputMessage.Type type) {
            out.writeByte('Y');
            out.writeInt(type.oid());
            string(type.schema());
            string(type.name());
        } else if (message instanceof PgOutputMessage.Insert insert) {
            change('I', insert.oid(), "N");
        } else if (message instanceof PgOutputMessage.Update update) {
            change('U', update.oid(), List.of("N", "KN", "ON").get(random.nextInt(3)));
        } else if (message instanceof PgOutputMessage.Delete delete) {
            change('D', delete.oid(), random.nextBoolean() ? "K" : "O");
        } else if (message instanceof PgOutputMessage.Truncate truncate) {
            out.writeByte('T');
            out.writeInt(truncate.oids().size());
            out.writeByte(random.nextInt(4));
            for (int oid : truncate.oids()) {
                out.writeInt(oid);
            }
        } else if (message instanceof PgOutputMessage.Message logical) {
            logical(logical);
        }
    }

    private void relation(PgOutputMessage.Relation relation) throws IOException {
        out.writeByte('R');
        out.writeInt(relation.oid());
        string(relation.schema());
        string(relation.table());
        out.writeByte("dnfi".charAt(random.nextInt(4)));
        int columns = random.nextInt(4);
        out.writeShort(columns);
        for (int i = 0; i < columns; i++) {
            out.writeByte(random.nextInt(2));
            string(name(random));
            out.writeInt(random.nextInt());
            out.writeInt(-1);
        }
    }

    private void logical(PgOutputMessage.Message logical) throws IOException {
        byte[] content = logical.content() == null
                ? "not for us".getBytes(StandardCharsets.UTF_8)
                : logical.content().getBytes(StandardCharsets.UTF_8);
        out.writeByte('M');
        out.writeByte(logical.transactional() ? 1 : 0);
        out.writeLong(logical.lsn());
        string(logical.prefix());
        out.writeInt(content.length);
        out.write(content);
    }

    private void change(char type, int oid, String markers) throws IOException {
        out.writeByte(type);
        out.writeInt(oid);
        for (int m = 0; m < markers.length(); m++) {
            out.writeByte(markers.charAt(m));
            int columns = random.nextInt(4);
            out.writeShort(columns);
            for (int i = 0; i < columns; i++) {
                char kind = "nutb".charAt(random.nextInt(4));
                out.writeByte(kind);
                if (kind == 't' || kind == 'b') {
                    byte[] value = new byte[random.nextInt(20)];
                    random.nextBytes(value);
                    out.writeInt(value.length);
                    out.write(value);
                }
            }
        }
    }

    private void string(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
    }
}

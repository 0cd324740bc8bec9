package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.home.database.TestServer;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.replication.PGReplicationStream;

/** Works on frames that a real server has sent. */
class PgOutputDecoderTest {

    private static final List<byte[]> frames = new ArrayList<>();
    private static int tableOid;
    private static int fullOid;

    @BeforeAll
    static void capture() throws Exception {
        try (TestServer server = TestServer.start()) {
            server.run(
                    "CREATE TYPE mood AS ENUM ('good', 'bad')",
                    "CREATE TABLE t (id int PRIMARY KEY, mood mood, big text)",
                    "ALTER TABLE t ALTER big SET STORAGE EXTERNAL",
                    "CREATE TABLE f (id int, \"Zwölf\" text)",
                    "ALTER TABLE f REPLICA IDENTITY FULL",
                    "CREATE PUBLICATION perigee FOR TABLE t, f",
                    "SELECT pg_replication_origin_create('elsewhere')");
            tableOid = Integer.parseInt(server.ask("SELECT 't'::regclass::oid").get(0));
            fullOid = Integer.parseInt(server.ask("SELECT 'f'::regclass::oid").get(0));
            Properties properties = new Properties();
            properties.setProperty("user", "postgres");
            properties.setProperty("replication", "database");
            properties.setProperty("assumeMinServerVersion", "9.4");
            properties.setProperty("preferQueryMode", "simple");
            String url;
            try (Connection plain = server.connect()) {
                url = plain.getMetaData().getURL().replaceAll("\\?.*", "");
            }
            try (Connection connection = DriverManager.getConnection(url, properties)) {
                PGConnection replication = connection.unwrap(PGConnection.class);
                replication
                        .getReplicationAPI()
                        .createReplicationSlot()
                        .logical()
                        .withSlotName("capture")
                        .withOutputPlugin("pgoutput")
                        .withTemporaryOption()
                        .make();
                try (PGReplicationStream stream = replication
                        .getReplicationAPI()
                        .replicationStream()
                        .logical()
                        .withSlotName("capture")
                        .withSlotOption("proto_version", "1")
                        .withSlotOption("publication_names", "perigee")
                        .withSlotOption("messages", "true")
                        .start()) {
                    write(server);
                    boolean last = false;
                    while (!last) {
                        ByteBuffer buffer = stream.read();
                        byte[] frame = Arrays.copyOfRange(
                                buffer.array(),
                                buffer.arrayOffset() + buffer.position(),
                                buffer.arrayOffset() + buffer.limit());
                        frames.add(frame);
                        last = new String(frame, java.nio.charset.StandardCharsets.UTF_8).contains("the end");
                    }
                }
            }
        }
    }

    private static void write(TestServer server) {
        server.run(
                "INSERT INTO t VALUES (1, 'good', repeat('x', 20000)), (2, NULL, NULL)",
                "UPDATE t SET mood = 'bad' WHERE id = 1",
                "UPDATE t SET id = 3 WHERE id = 2",
                "DELETE FROM t WHERE id = 3",
                "INSERT INTO f VALUES (1, 'a')",
                "UPDATE f SET id = 2",
                "DELETE FROM f",
                "TRUNCATE t, f RESTART IDENTITY CASCADE",
                "SELECT pg_logical_emit_message(true, 'perigee.ddl', 'x')",
                "SELECT pg_logical_emit_message(true, 'other', repeat('y', 100))",
                "SELECT pg_replication_origin_session_setup('elsewhere'); INSERT INTO t VALUES (9)",
                "SELECT pg_logical_emit_message(false, 'perigee.end', 'the end'); SELECT pg_switch_wal()");
    }

    private static PgOutputMessage decode(byte[] frame) {
        return PgOutputDecoder.decode(Unpooled.wrappedBuffer(frame));
    }

    @Test
    void readsEveryKindOfMessage() {
        List<PgOutputMessage> messages =
                frames.stream().map(PgOutputDecoderTest::decode).toList();
        assertThat(messages.stream()
                        .map(Object::getClass)
                        .map(Class::getSimpleName)
                        .collect(Collectors.toSet()))
                .containsExactlyInAnyOrder(
                        "Begin",
                        "Commit",
                        "Origin",
                        "Relation",
                        "Type",
                        "Insert",
                        "Update",
                        "Delete",
                        "Truncate",
                        "Message");
        assertThat(messages)
                .contains(
                        new PgOutputMessage.Relation(tableOid, "public", "t"),
                        new PgOutputMessage.Relation(fullOid, "public", "f"),
                        new PgOutputMessage.Insert(tableOid),
                        new PgOutputMessage.Update(fullOid),
                        new PgOutputMessage.Delete(tableOid),
                        new PgOutputMessage.Delete(fullOid));
        assertThat(messages)
                .filteredOn(new PgOutputMessage.Update(tableOid)::equals)
                .hasSize(2);
        assertThat(messages)
                .filteredOn(PgOutputMessage.Truncate.class::isInstance)
                .singleElement()
                .satisfies(truncate -> assertThat(((PgOutputMessage.Truncate) truncate).oids())
                        .containsExactlyInAnyOrder(tableOid, fullOid));
        assertThat(messages)
                .filteredOn(PgOutputMessage.Message.class::isInstance)
                .extracting("transactional", "prefix", "content")
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(true, "perigee.ddl", "x"),
                        org.assertj.core.groups.Tuple.tuple(true, "other", null),
                        org.assertj.core.groups.Tuple.tuple(false, "perigee.end", "the end"));
    }

    @Test
    void assemblesThemIntoTransactions() {
        TransactionAssembler assembler = new TransactionAssembler();
        List<FeedItem> items = frames.stream()
                .flatMap(frame -> assembler.accept(decode(frame)).stream())
                .toList();
        assertThat(items).hasSize(12);
    }

    @Test
    void refusesEveryTruncationAndEveryAddition() {
        for (byte[] frame : frames) {
            int step = Math.max(1, frame.length / 500);
            for (int length = 0; length < frame.length; length += step) {
                byte[] cut = Arrays.copyOf(frame, length);
                assertThatThrownBy(() -> decode(cut)).isInstanceOf(PgOutputException.class);
            }
            byte[] longer = Arrays.copyOf(frame, frame.length + 1);
            assertThatThrownBy(() -> decode(longer)).isInstanceOf(PgOutputException.class);
        }
    }

    @Test
    void refusesGarbageWithNothingButItsOwnException() {
        Random random = new Random(42);
        for (int round = 0; round < 200_000; round++) {
            byte[] frame = frames.get(random.nextInt(frames.size()));
            byte[] garbled = Arrays.copyOf(frame, Math.min(frame.length, 300));
            for (int i = random.nextInt(4); i >= 0; i--) {
                garbled[random.nextInt(garbled.length)] = (byte) random.nextInt();
            }
            try {
                decode(garbled);
            } catch (PgOutputException expected) {
                // Nothing else may come out.
            }
        }
    }
}

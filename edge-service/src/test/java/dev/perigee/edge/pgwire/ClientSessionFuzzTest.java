package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.testing.Fuzz;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Whatever clients and servers send: a session never fails, never spins, gives back all memory; and what a client gets is what
 * it would have got from the server itself.
 */
@SuppressWarnings("FutureReturnValueIgnored") // channels that are embedded close at once
class ClientSessionFuzzTest {

    private static final String[] TEXTS = {
        "select 1",
        "select 2",
        "select 3",
        "select x from t where y = $1",
        "",
        "begin",
        "commit",
        "rollback",
        "set a to b",
        "update t",
        "bad",
        "fail",
        "select 'a' from t"
    };

    private static byte[] message(Random random) {
        String name = Fuzz.any(random, "", "", "s1", "s2");
        String portal = Fuzz.any(random, "", "", "p1");
        return switch (random.nextInt(16)) {
            case 0, 1 -> Wire.query(Fuzz.any(random, TEXTS));
            case 2, 3, 4 -> Wire.parse(name, Fuzz.any(random, TEXTS));
            case 5, 6, 7 -> Wire.bind(portal, name, Fuzz.any(random, "7", "8"));
            case 8 -> Wire.describeStatement(name);
            case 9 -> Wire.describePortal(portal);
            case 10, 11 -> Wire.execute(portal, Fuzz.any(random, 0, 0, 0, 1, 2));
            case 12 -> Fuzz.any(random, Wire.closeStatement(name), Wire.closePortal(portal), Wire.FLUSH);
            default -> Wire.SYNC;
        };
    }

    /** Mostly reads, of which the first few in the list have a good chance to be in memory. */
    private static String text(Random random, boolean calm) {
        return TEXTS[random.nextInt(calm && random.nextInt(10) > 0 ? 4 : TEXTS.length)];
    }

    /** What drivers send, and now and then anything. */
    private static List<byte[]> batch(Random random, boolean calm) {
        List<byte[]> batch = new ArrayList<>();
        switch (random.nextInt(calm ? 3 : 5)) {
            case 0 -> batch.add(Wire.query(text(random, calm)));
            case 1 -> {
                for (int i = random.nextInt(3); i >= 0; i--) {
                    batch.add(Wire.parse("", text(random, calm)));
                    batch.add(Wire.bind("", "", Fuzz.any(random, "7", "8")));
                    batch.add(Wire.describePortal(""));
                    batch.add(Wire.execute(""));
                }
                batch.add(Wire.SYNC);
            }
            case 2 -> {
                batch.add(Wire.bind("", Fuzz.any(random, "", "s1", "s2"), Fuzz.any(random, "7", "8")));
                batch.add(Wire.execute("", Fuzz.any(random, 0, 0, 1, 2)));
                batch.add(Wire.SYNC);
            }
            default -> {
                for (int i = random.nextInt(6); i >= 0; i--) {
                    batch.add(message(random));
                }
            }
        }
        return batch;
    }

    @Test
    void aClientGetsWhatItWouldHaveGotFromTheServer() {
        int[] counts = new int[2];
        Fuzz.trials(300, random -> {
            ReadsFixture fixture = new ReadsFixture();
            fixture.hold = random.nextInt(4) == 0;
            boolean calm = random.nextInt(3) > 0;
            SessionRig rig = new SessionRig(fixture);
            FakePostgres direct = new FakePostgres();
            FakePostgres behind = new FakePostgres();
            rig.send(rig.server, SessionRig.WELCOME);
            ByteBuf expected = Unpooled.buffer().writeBytes(SessionRig.WELCOME);
            ByteBuf got = Unpooled.buffer();
            List<String> script = new ArrayList<>();
            for (int i = 0; i < 15; i++) {
                List<byte[]> batch = batch(random, calm);
                byte[] bytes = Wire.join(batch.toArray(byte[][]::new));
                for (byte[] message : batch) {
                    direct.answer(message).forEach(expected::writeBytes);
                }
                script.addAll(Wire.show(batch));
                int at = random.nextInt(bytes.length + 1);
                rig.send(rig.client, Arrays.copyOf(bytes, at));
                rig.send(rig.client, Arrays.copyOfRange(bytes, at, bytes.length));
                if (calm || random.nextInt(3) > 0) {
                    got.writeBytes(rig.answered(behind));
                }
                if (random.nextInt(4) == 0) {
                    fixture.release();
                    rig.run();
                }
            }
            // So that nothing is held back.
            direct.answer(Wire.SYNC).forEach(expected::writeBytes);
            rig.send(rig.client, Wire.SYNC);
            got.writeBytes(rig.answered(behind));
            counts[0] += (int) rig.registry
                    .get("perigee.edge.hits")
                    .tag("freshness", "fresh")
                    .counter()
                    .count();
            counts[1] += behind.probes;
            assertSame(script, Wire.split(ByteBufUtil.getBytes(got)), Wire.split(ByteBufUtil.getBytes(expected)));
            rig.close();
        });
        assertThat(counts[0]).as("answers from memory").isGreaterThan(100);
        assertThat(counts[1]).as("probes").isPositive();
    }

    private static void assertSame(List<String> script, List<byte[]> got, List<byte[]> expected) {
        for (int i = 0; i < Math.max(got.size(), expected.size()); i++) {
            if (i >= got.size() || i >= expected.size() || !Arrays.equals(got.get(i), expected.get(i))) {
                int from = Math.max(0, i - 5);
                throw new AssertionError(script + " gave " + i + " right, then "
                        + Wire.show(got.subList(Math.min(from, got.size()), Math.min(got.size(), i + 3)))
                        + " instead of "
                        + Wire.show(
                                expected.subList(Math.min(from, expected.size()), Math.min(expected.size(), i + 3))));
            }
        }
    }

    @Test
    void pastFailures() throws Exception {
        for (String line : Fuzz.corpus("pgwire.txt")) {
            String[] sides = line.split(" ", -1);
            relays(Fuzz.unhex(sides[0]), Fuzz.unhex(sides[1]), new Random(1));
        }
    }

    @Test
    void garbageNeverFailsASession() {
        Fuzz.trials(3_000, random -> {
            byte[] fromClient = {};
            byte[] fromServer = random.nextInt(4) == 0 ? Fuzz.mutate(SessionRig.WELCOME, random) : SessionRig.WELCOME;
            for (int i = random.nextInt(8); i >= 0; i--) {
                byte[] message = message(random);
                fromClient = Fuzz.concat(fromClient, random.nextInt(3) == 0 ? Fuzz.mutate(message, random) : message);
                byte[] answer = answer(random);
                fromServer = Fuzz.concat(fromServer, random.nextInt(3) == 0 ? Fuzz.mutate(answer, random) : answer);
            }
            try {
                relays(fromClient, fromServer, random);
            } catch (Throwable failure) {
                throw new AssertionError(
                        "for fuzz/pgwire.txt: " + Fuzz.hex(fromClient) + " " + Fuzz.hex(fromServer), failure);
            }
        });
    }

    private static byte[] answer(Random random) {
        return switch (random.nextInt(14)) {
            case 0 -> Wire.PARSED;
            case 1 -> Wire.BOUND;
            case 2 -> Wire.columns("x");
            case 3 -> Wire.row("1");
            case 4 -> Wire.complete("SELECT 1");
            case 5 -> Wire.error();
            case 6 -> Wire.notice();
            case 7 -> Wire.message('G', (byte) 0, (short) 0);
            case 8 -> Wire.CLOSED;
            case 9 -> Wire.parameters(23);
            case 10 -> Wire.message('S', "a", "b");
            case 11 -> Fuzz.bytes(random, random.nextInt(12));
            case 12 -> Wire.message('R', 10, "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", (byte) 0);
            default -> Wire.READY;
        };
    }

    /** Both say this, in pieces, whatever the other says. */
    private static void relays(byte[] fromClient, byte[] fromServer, Random random) throws ProtocolViolation {
        SessionRig rig = new SessionRig(new ReadsFixture());
        int client = 0;
        int server = 0;
        while (client < fromClient.length || server < fromServer.length) {
            int some = 1 + random.nextInt(40);
            if (server < fromServer.length && (client == fromClient.length || random.nextBoolean())) {
                int upTo = Math.min(fromServer.length, server + some);
                rig.send(rig.server, Arrays.copyOfRange(fromServer, server, upTo));
                server = upTo;
            } else {
                int upTo = Math.min(fromClient.length, client + some);
                rig.send(rig.client, Arrays.copyOfRange(fromClient, client, upTo));
                client = upTo;
            }
        }
        if (random.nextInt(3) == 0) {
            rig.server.close();
            rig.run();
            assertThat(rig.client.isOpen()).isFalse();
        }
        rig.close();
    }
}

package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.testing.Fuzz;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whatever bytes come: a message, or a {@link PgOutputException}; and never a byte from behind the frame. */
class PgOutputFuzzTest {

    /** What stands behind the frame in the same buffer. A decoder that reads on would take it for lengths and names. */
    private static final int BEHIND = 64;

    @BeforeAll
    static void quiet() {
        ControlFuzzTest.quiet();
    }

    @AfterAll
    static void loud() {
        ControlFuzzTest.loud();
    }

    @Test
    void pastFailures() {
        Fuzz.corpus("pgoutput.hex").forEach(line -> decodesOrRefuses(Fuzz.unhex(line)));
    }

    @Test
    void readsWhatAnotherEncoderWrites() {
        Fuzz.trials(20_000, random -> {
            PgOutputMessage message = PgOutputEncoder.any(random);
            byte[] frame = PgOutputEncoder.encode(message, random);
            assertThat(decode(frame)).as(Fuzz.hex(frame)).isEqualTo(message);
        });
    }

    @Test
    void refusesWhatIsNoMessageWithNothingButItsOwnException() {
        Fuzz.trials(
                200_000,
                random -> decodesOrRefuses(
                        random.nextInt(20) == 0
                                ? Fuzz.bytes(random, random.nextInt(64))
                                : Fuzz.mutate(PgOutputEncoder.encode(PgOutputEncoder.any(random), random), random)));
    }

    /** Every whole message is refused when its end is missing, at each place, and when something follows. */
    @Test
    void refusesEveryTruncationAndEveryAddition() {
        Fuzz.trials(2_000, random -> {
            byte[] frame = PgOutputEncoder.encode(PgOutputEncoder.any(random), random);
            for (int length = 0; length < frame.length; length++) {
                assertThat(decodesOrRefuses(Arrays.copyOf(frame, length)))
                        .as(Fuzz.hex(frame) + " cut at " + length)
                        .isNull();
            }
            assertThat(decodesOrRefuses(Fuzz.concat(frame, new byte[1]))).isNull();
        });
    }

    /** Messages in any order, decoded or made up: the assembler completes transactions, or refuses as it says. */
    @Test
    void assemblesAnyOrderOrRefuses() {
        int[] completed = new int[1];
        Fuzz.trials(2_000, random -> {
            TransactionAssembler assembler = new TransactionAssembler();
            long lsn = 1;
            for (int i = 0; i < 40; i++) {
                lsn += random.nextInt(3);
                try {
                    if (assembler.accept(likely(random, lsn)).isPresent()) {
                        completed[0]++;
                    }
                } catch (PgOutputException declared) {
                    // The feed gives the connection up, and the assembler with it.
                    assembler = new TransactionAssembler();
                }
            }
        });
        assertThat(completed[0]).as("the trials reach the end of transactions").isPositive();
    }

    /** As a transaction goes, mostly; with content that anybody may write. */
    private static PgOutputMessage likely(Random random, long lsn) {
        return switch (random.nextInt(8)) {
            case 0, 1 -> new PgOutputMessage.Begin(lsn, micros(random), 7);
            case 2, 3 -> new PgOutputMessage.Commit(lsn - random.nextInt(2), lsn + 1, micros(random));
            case 4, 5 ->
                new PgOutputMessage.Message(
                        random.nextInt(5) != 0, lsn, ControlFuzzTest.prefix(random), ControlFuzzTest.content(random));
            default -> PgOutputEncoder.any(random);
        };
    }

    private static long micros(Random random) {
        return Fuzz.any(random, 0L, 1L, Long.MAX_VALUE, Long.MIN_VALUE, random.nextLong());
    }

    private static PgOutputMessage decodesOrRefuses(byte[] frame) {
        try {
            return decode(frame);
        } catch (PgOutputException declared) {
            return null;
        } catch (RuntimeException | Error undeclared) {
            throw new AssertionError("for fuzz/pgoutput.hex: " + Fuzz.hex(frame), undeclared);
        }
    }

    /** In the middle of a larger buffer, as frames arrive. */
    private static PgOutputMessage decode(byte[] frame) {
        ByteBuf buffer = Unpooled.buffer(frame.length + 2 * BEHIND);
        buffer.writeZero(BEHIND).writeBytes(frame).writeZero(BEHIND);
        ByteBuf in = buffer.slice(BEHIND, frame.length);
        PgOutputMessage message = PgOutputDecoder.decode(in);
        assertThat(in.readerIndex()).isEqualTo(frame.length);
        return message;
    }
}

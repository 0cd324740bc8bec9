package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** However bytes arrive, the same messages come out, and nothing large is held. */
class MessageFramerTest {

    private static final byte[] STREAM = Wire.join(
            Wire.query("select 1"),
            Wire.SYNC,
            Wire.row("a", null, "b"),
            Wire.message('d', new byte[300]),
            Wire.TERMINATE);

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, false);
    private final Collector sink = new Collector();
    private MessageFramer framer = new MessageFramer(allocator, sink, 1000);

    @AfterEach
    void close() {
        framer.close();
        assertThat(allocator.metric().usedHeapMemory()).isZero();
    }

    /** What comes out: of a message its first part, then the others. */
    private static final class Collector implements MessageFramer.Sink {
        private final List<byte[]> messages = new ArrayList<>();
        private final List<Integer> parts = new ArrayList<>();
        private IntPredicate ready = count -> true;
        private int most = Integer.MAX_VALUE;
        private int started;

        @Override
        public boolean isReady() {
            return ready.test(started);
        }

        @Override
        public int wanted(byte type, int length) {
            return most;
        }

        @Override
        public void message(byte type, ByteBuf bytes, boolean whole) {
            started++;
            byte[] all = take(bytes);
            assertThat(all[0]).isEqualTo(type);
            int declared = Unpooled.wrappedBuffer(all).getInt(1) + 1;
            assertThat(whole).isEqualTo(declared == all.length);
            assertThat(all.length).isGreaterThanOrEqualTo(Math.min(declared, most));
            messages.add(all);
            parts.add(1);
        }

        @Override
        public void more(ByteBuf bytes) {
            int last = messages.size() - 1;
            messages.set(last, Wire.join(messages.get(last), take(bytes)));
            parts.set(last, parts.get(last) + 1);
        }

        private static byte[] take(ByteBuf bytes) {
            byte[] copy = ByteBufUtil.getBytes(bytes);
            bytes.release();
            return copy;
        }
    }

    private void feed(byte[] bytes) throws ProtocolViolation {
        framer.feed(allocator.buffer().writeBytes(bytes));
    }

    private void assertAllCame() {
        assertThat(sink.messages).containsExactlyElementsOf(Wire.split(STREAM));
        sink.messages.clear();
        sink.parts.clear();
    }

    @Test
    void cutsHoweverBytesArrive() throws ProtocolViolation {
        feed(STREAM);
        assertAllCame();
        for (int at = 1; at < STREAM.length; at++) {
            feed(Arrays.copyOf(STREAM, at));
            feed(Arrays.copyOfRange(STREAM, at, STREAM.length));
            assertAllCame();
        }
        for (byte one : STREAM) {
            feed(new byte[] {one});
        }
        assertAllCame();
    }

    @Test
    void passesOnWhatIsNotWantedAsItComes() throws ProtocolViolation {
        sink.most = 10;
        for (int at = 1; at < STREAM.length; at++) {
            feed(Arrays.copyOf(STREAM, at));
            // No more than the beginning of a message is held.
            assertThat(framer.waiting()).isLessThan(10);
            feed(Arrays.copyOfRange(STREAM, at, STREAM.length));
            assertAllCame();
        }
        for (byte one : STREAM) {
            feed(new byte[] {one});
            assertThat(framer.waiting()).isLessThan(10);
        }
        assertThat(sink.parts).contains(300 + 5 - 10 + 1);
        assertAllCame();
    }

    @Test
    void aSinkThatWantsLessThanAHeaderGetsAHeader() throws ProtocolViolation {
        sink.most = 0;
        byte[] message = Wire.query("select 1");
        for (byte one : message) {
            feed(new byte[] {one});
        }
        assertThat(sink.messages).containsExactly(message);
        assertThat(sink.parts).containsExactly(message.length - 4);
    }

    @Test
    void waitsUntilTheSinkIsReady() throws ProtocolViolation {
        sink.ready = count -> count < 2;
        feed(STREAM);
        assertThat(sink.messages).hasSize(2);
        sink.ready = count -> true;
        framer.drain();
        assertAllCame();
    }

    @Test
    void lengthsThatCannotBeAreRefusedBeforeAnythingIsHeld() {
        for (int length : new int[] {-1, Integer.MIN_VALUE, 0, 1, 3, 1001, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> feed(
                            Wire.join(new byte[] {'Q'}, Unpooled.copyInt(length).array())))
                    .as("%d", length)
                    .isInstanceOf(ProtocolViolation.class)
                    .hasMessage("invalid message length");
            framer.close();
            framer = new MessageFramer(allocator, sink, 1000);
        }
        assertThat(sink.messages).isEmpty();
    }

    @Test
    void theShortestAndTheLongestAreTaken() throws ProtocolViolation {
        feed(Wire.SYNC);
        feed(Wire.message('d', new byte[996]));
        assertThat(sink.messages).extracting(message -> message.length).containsExactly(5, 1001);
    }

    @Test
    void afterItIsClosedNothingComes() throws ProtocolViolation {
        MessageFramer closing = new MessageFramer(
                allocator,
                new MessageFramer.Sink() {
                    @Override
                    public boolean isReady() {
                        return true;
                    }

                    @Override
                    public int wanted(byte type, int length) {
                        return 0;
                    }

                    @Override
                    public void message(byte type, ByteBuf bytes, boolean whole) {
                        sink.message(type, bytes, whole);
                        framer.close();
                    }

                    @Override
                    public void more(ByteBuf bytes) {
                        throw new AssertionError();
                    }
                },
                1000);
        framer = closing;
        feed(Wire.join(Wire.SYNC, Wire.SYNC));
        assertThat(sink.messages).hasSize(1);
        feed(Wire.SYNC);
        framer.drain();
        assertThat(sink.messages).hasSize(1);
    }

    @Test
    void canBeClosedInTheMiddleOfAMessage() throws ProtocolViolation {
        feed(Arrays.copyOf(STREAM, 9));
        framer.close();
        assertThat(framer.waiting()).isZero();
        feed(Arrays.copyOfRange(STREAM, 9, STREAM.length));
        assertThat(sink.messages).isEmpty();
    }

    @Test
    void whatWaitsCanBeTakenOut() throws ProtocolViolation {
        feed(new byte[] {1, 2, 3});
        ByteBuf taken = framer.take();
        assertThat(ByteBufUtil.getBytes(taken)).containsExactly(1, 2, 3);
        taken.release();
        assertThat(framer.waiting()).isZero();
    }
}

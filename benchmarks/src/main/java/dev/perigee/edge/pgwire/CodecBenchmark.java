package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** The codec of PostgreSQL's protocol: a batch of Bind, Execute and Sync is cut and read, an answer from memory is written. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CodecBenchmark {

    private static final int LARGEST = 1 << 20;

    private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    private final ByteBuf batch = allocator.buffer();
    private final ByteBuf stored = allocator.buffer();
    private byte[] messages = new byte[0];

    /** Writes the batch, and an answer of one row of 1 KiB. */
    @Setup
    public void write() {
        byte[] name = "lookup\0".getBytes(StandardCharsets.US_ASCII);
        batch.writeByte(FrontendMessage.BIND).writeInt(4 + 1 + name.length + 2 + 2 + 4 + 5 + 2);
        batch.writeByte(0).writeBytes(name).writeShort(0).writeShort(1);
        batch.writeInt(5)
                .writeBytes("12345".getBytes(StandardCharsets.US_ASCII))
                .writeShort(0);
        batch.writeByte(FrontendMessage.EXECUTE)
                .writeInt(4 + 1 + 4)
                .writeByte(0)
                .writeInt(0);
        batch.writeByte(FrontendMessage.SYNC).writeInt(4);
        BackendMessage.writeRow(stored, List.of("x".repeat(1024)));
        BackendMessage.writeCommandComplete(stored, "SELECT 1");
        messages = new byte[stored.readableBytes()];
        stored.getBytes(0, messages);
    }

    /** Gives the buffers back. */
    @TearDown
    public void release() {
        batch.release();
        stored.release();
    }

    /** Cuts the batch into messages and reads each. */
    @Benchmark
    public void read(Blackhole hole) throws ProtocolViolation {
        MessageFramer framer = new MessageFramer(allocator, new Reader(hole), LARGEST);
        framer.feed(allocator.buffer(batch.readableBytes()).writeBytes(batch, 0, batch.writerIndex()));
        framer.close();
    }

    /** Writes what was kept, with what belongs around it. */
    @Benchmark
    public void answer(Blackhole hole) {
        ByteBuf out = allocator.buffer();
        out.writeBytes(BackendMessage.bindComplete());
        new StoredResult(messages).execute(0, out);
        out.writeBytes(BackendMessage.readyForQuery());
        hole.consume(out);
        out.release();
    }

    private record Reader(Blackhole hole) implements MessageFramer.Sink {

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public int wanted(byte type, int length) {
            return length + 1;
        }

        @Override
        public void message(byte type, ByteBuf bytes, boolean whole) throws ProtocolViolation {
            switch (type) {
                case FrontendMessage.BIND -> hole.consume(FrontendMessage.Bind.of(bytes));
                case FrontendMessage.EXECUTE -> hole.consume(FrontendMessage.Execute.of(bytes));
                default -> hole.consume(type);
            }
            bytes.release();
        }

        @Override
        public void more(ByteBuf bytes) {
            bytes.release();
        }
    }
}

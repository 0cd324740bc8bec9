package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.ByteToMessageDecoder;

/**
 * Cuts one direction of a session into messages: a type byte, a length that includes itself, the rest (manual, "Message
 * Formats"). A message the sink wants to look into is held until enough of it is there; of any other the bytes are passed on
 * as they come, so that no message, however large, has to fit into memory. For one thread.
 */
final class MessageFramer {

    static final int HEADER = 5;

    private final ByteBufAllocator allocator;
    private final Sink sink;
    private final int maxLength;
    private ByteBuf pending = Unpooled.EMPTY_BUFFER;
    private int left;
    private boolean closed;

    /** What becomes of the messages. */
    interface Sink {

        /** Whether the next message may come. Asked before each. */
        boolean isReady();

        /**
         * How many bytes of a message must be there before it is handed over, its header included. If it is shorter, the
         * whole message.
         *
         * @param length as declared
         */
        int wanted(byte type, int length) throws ProtocolViolation;

        /**
         * A message begins.
         *
         * @param bytes all of it, or the first bytes if it is longer than was wanted; the sink's to release
         * @param whole whether that is all of it
         */
        void message(byte type, ByteBuf bytes, boolean whole) throws ProtocolViolation;

        /** More of the message before. The sink's to release. */
        void more(ByteBuf bytes);
    }

    /**
     * Cuts for a sink.
     *
     * @param maxLength the largest length a message may declare
     */
    MessageFramer(ByteBufAllocator allocator, Sink sink, int maxLength) {
        this.allocator = allocator;
        this.sink = sink;
        this.maxLength = maxLength;
    }

    /** Takes bytes, and hands over what messages they make, as long as the sink is ready. */
    void feed(ByteBuf bytes) throws ProtocolViolation {
        if (closed) {
            bytes.release();
            return;
        }
        pending = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(allocator, pending, bytes);
        drain();
    }

    /** Hands over what has been waiting for the sink to become ready. */
    void drain() throws ProtocolViolation {
        while (!closed && step()) {
            // Until there is no whole step left.
        }
        if (!closed && !pending.isReadable()) {
            pending.release();
            pending = Unpooled.EMPTY_BUFFER;
        }
    }

    private boolean step() throws ProtocolViolation {
        if (left > 0) {
            int some = Math.min(left, pending.readableBytes());
            if (some == 0) {
                return false;
            }
            left -= some;
            sink.more(pending.readRetainedSlice(some));
            return true;
        }
        if (pending.readableBytes() < HEADER || !sink.isReady()) {
            return false;
        }
        int at = pending.readerIndex();
        byte type = pending.getByte(at);
        int length = pending.getInt(at + 1);
        if (length < 4 || length > maxLength) {
            throw new ProtocolViolation("invalid message length");
        }
        int total = length + 1;
        int wanted = Math.min(total, Math.max(HEADER, sink.wanted(type, length)));
        if (pending.readableBytes() < wanted) {
            return false;
        }
        // More than was wanted, if it happens to be there: whole messages are easier.
        int some = wanted == total ? total : Math.min(total, pending.readableBytes());
        left = total - some;
        sink.message(type, pending.readRetainedSlice(some), left == 0);
        return true;
    }

    /** How many bytes wait here. */
    int waiting() {
        return pending.readableBytes();
    }

    /** Takes out what waits here; the caller's to release. */
    ByteBuf take() {
        ByteBuf bytes = pending;
        pending = Unpooled.EMPTY_BUFFER;
        return bytes;
    }

    /** Gives back what waits here. Nothing is handed over any more. */
    void close() {
        closed = true;
        pending.release();
        pending = Unpooled.EMPTY_BUFFER;
    }
}

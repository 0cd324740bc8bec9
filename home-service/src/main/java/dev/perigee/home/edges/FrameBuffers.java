package dev.perigee.home.edges;

import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.WireJson;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The frames sent last, as they go over the wire. Edges that are in step are sent the same frames, so each is encoded once
 * and its bytes are shared. Equal frames have equal bytes, whoever they are for: what an edge's interest leaves of a record
 * is shared by all edges of that interest.
 *
 * <p>A frame has its place by its hash and drives out what was there before, so there are never more than so many, however
 * far behind some edges are. Belongs to one event loop. What it holds need not be released: the garbage collector frees it
 * once no socket waits with it any more.
 */
final class FrameBuffers {

    private static final int SLOTS = 1024;
    /** Larger ones all have the same place. */
    private static final int LARGE = 16 * 1024;
    /** Visibility moves on while a commit is sent, so that a few different bookmarks follow the same invalidation. */
    private static final int MOST_FOLLOWERS = 4;

    private static final byte[] COMMENT = ":waiting\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END_OF_EVENT = {'\n', '\n'};
    private static final byte[] END_OF_CHUNK = {'\r', '\n'};

    private final @Nullable Encoded[] slots = new @Nullable Encoded[SLOTS];

    /** A frame's bytes, in a chunk of HTTP/1.1's chunked transfer coding. */
    static final class Encoded {

        private final Frame frame;
        private final ByteBuf chunk;
        private final int begin;
        private final int length;
        /** What was sent behind it last, and both in one. */
        private @Nullable Encoded follower;

        private @Nullable ByteBuf both;
        private int followers;

        private Encoded(Frame frame, ByteBuf chunk, int begin, int length) {
            this.frame = frame;
            this.chunk = chunk;
            this.begin = begin;
            this.length = length;
        }

        /** Of a record that is sent whole all edges have the very same event. */
        private boolean isOf(Frame other) {
            StreamPosition id = frame.id();
            return (id != null && frame.event() == other.event()) ? id.equals(other.id()) : frame.equals(other);
        }

        /** With the transfer coding; the caller's to release. */
        ByteBuf chunk() {
            return chunk.retainedDuplicate();
        }

        /**
         * With the transfer coding, and another one behind it; the caller's to release. Edges that are in step are sent an
         * invalidation and a bookmark together, and one buffer takes the kernel less than two.
         *
         * @return null if several others were behind it before: what few are sent is not worth a buffer
         */
        @Nullable
        ByteBuf chunks(Encoded behind) {
            if (follower != behind && followers < MOST_FOLLOWERS && length + behind.length < LARGE) {
                followers++;
                follower = behind;
                both = Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(chunk.capacity() + behind.chunk.capacity())
                        .put(chunk.nioBuffer())
                        .put(behind.chunk.nioBuffer())
                        .flip());
            }
            ByteBuf together = both;
            return follower == behind && together != null ? together.retainedDuplicate() : null;
        }

        /** Without it; the caller's to release. */
        ByteBuf bytes() {
            return chunk.retainedSlice(begin, length);
        }
    }

    /** The bytes of a frame. */
    Encoded of(Frame frame) {
        if (!frame.shared()) {
            return encode(frame);
        }
        int slot = slot(frame);
        Encoded known = slots[slot];
        if (known == null || !known.isOf(frame)) {
            Encoded large = slots[0];
            if (large != null && large.isOf(frame)) {
                return large;
            }
            known = encode(frame);
            slots[known.length > LARGE ? 0 : slot] = known;
        }
        return known;
    }

    /** The first is that of the large ones. The frame's own hash would do, but takes several times as long. */
    private static int slot(Frame frame) {
        StreamPosition id = frame.id();
        int hash = id == null ? 0 : Long.hashCode(id.version());
        if (frame.event() instanceof InvalidationEvent event) {
            hash += 31 * event.tables().hashCode();
        }
        return 1 + ((hash * 0x9E3779B9) >>> 8) % (SLOTS - 1);
    }

    private static Encoded encode(Frame frame) {
        StreamEvent event = frame.event();
        byte[] fields = event == null ? COMMENT : fields(frame.id(), event);
        byte[] data = event == null ? new byte[0] : WireJson.mapper().writeValueAsBytes(event);
        byte[] end = event == null ? new byte[0] : END_OF_EVENT;
        int length = fields.length + data.length + end.length;
        byte[] size = (Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        // Not of Netty's pool: nobody could say when the last edge has it.
        ByteBuffer chunk = ByteBuffer.allocateDirect(size.length + length + END_OF_CHUNK.length)
                .put(size)
                .put(fields)
                .put(data)
                .put(end)
                .put(END_OF_CHUNK)
                .flip();
        return new Encoded(frame, Unpooled.wrappedBuffer(chunk), size.length, length);
    }

    private static byte[] fields(@Nullable StreamPosition id, StreamEvent event) {
        String text = (id == null ? "" : "id:" + id + "\n") + "event:" + event.eventName() + "\ndata:";
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}

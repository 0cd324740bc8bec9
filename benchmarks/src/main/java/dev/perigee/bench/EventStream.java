package dev.perigee.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Reads Server-Sent Events out of an HTTP/1.1 answer, chunked or not, at no more cost than it takes: subscribers share a
 * core, and must not be what is measured.
 */
abstract class EventStream extends ChannelInboundHandlerAdapter {

    private static final byte LF = '\n';

    private ByteBuf pending = Unpooled.EMPTY_BUFFER;
    private ByteBuf events = Unpooled.EMPTY_BUFFER;
    private boolean chunked;
    private boolean begun;
    /** Of the present chunk; -1 before its size has come. */
    private int left = -1;

    /** An event: its lines, each with its end. The bytes are there during the call alone. */
    abstract void event(ChannelHandlerContext context, ByteBuf lines);

    /** The answer is not a stream. */
    abstract void refused(ChannelHandlerContext context, String head);

    @Override
    public void channelRead(ChannelHandlerContext context, Object read) {
        pending = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), pending, (ByteBuf) read);
        if (begun || begin(context)) {
            if (chunked) {
                unchunk(context);
            } else {
                take(context, pending.readableBytes());
            }
            events(context);
        }
        pending = emptied(pending);
        events = emptied(events);
    }

    private static ByteBuf emptied(ByteBuf buffer) {
        if (buffer.isReadable()) {
            return buffer;
        }
        buffer.release();
        return Unpooled.EMPTY_BUFFER;
    }

    private boolean begin(ChannelHandlerContext context) {
        String head = pending.toString(StandardCharsets.ISO_8859_1);
        int end = head.indexOf("\r\n\r\n");
        if (end < 0) {
            return false;
        }
        if (!head.startsWith("HTTP/1.1 200")) {
            refused(context, head);
            pending.skipBytes(pending.readableBytes());
            return false;
        }
        chunked = head.substring(0, end).toLowerCase(Locale.ROOT).contains("transfer-encoding: chunked");
        pending.skipBytes(end + 4);
        begun = true;
        return true;
    }

    private void unchunk(ChannelHandlerContext context) {
        while (true) {
            if (left > 0) {
                int some = Math.min(left, pending.readableBytes());
                if (some == 0) {
                    return;
                }
                take(context, some);
                left -= some;
            }
            if (left == 0) {
                if (pending.readableBytes() < 2) {
                    return;
                }
                pending.skipBytes(2);
                left = -1;
            }
            int length = pending.bytesBefore((byte) '\r');
            if (length < 0 || pending.readableBytes() < length + 2) {
                return;
            }
            left = 0;
            for (int i = 0; i < length; i++) {
                left = left << 4 | Character.digit(pending.readByte(), 16);
            }
            pending.skipBytes(2);
        }
    }

    private void take(ChannelHandlerContext context, int bytes) {
        if (bytes > 0) {
            events = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(
                    context.alloc(), events, pending.readRetainedSlice(bytes));
        }
    }

    private void events(ChannelHandlerContext context) {
        int start = events.readerIndex();
        while (true) {
            int end = endOfEvent(start);
            if (end < 0) {
                break;
            }
            event(context, events.slice(start, end - start));
            start = end;
        }
        events.readerIndex(start);
    }

    /** Behind the empty line; -1 if it has not come. */
    private int endOfEvent(int from) {
        int at = from;
        int last = events.writerIndex();
        while (true) {
            int end = events.indexOf(at, last, LF);
            if (end < 0 || end + 1 >= last) {
                return -1;
            }
            if (events.getByte(end + 1) == LF) {
                return end + 2;
            }
            at = end + 1;
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        pending.release();
        events.release();
        pending = Unpooled.EMPTY_BUFFER;
        events = Unpooled.EMPTY_BUFFER;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        refused(context, cause.toString());
    }
}

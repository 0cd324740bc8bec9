package dev.perigee.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;

/** A subscriber of a channel of nchan's, whose messages begin with their number in ten digits. */
final class ChannelSubscriber extends Subscriber {

    private static final byte[] DATA = {'d', 'a', 't', 'a', ':', ' '};
    private static final int DIGITS = 10;

    private final Deliveries deliveries;
    private boolean active;

    ChannelSubscriber(Deliveries deliveries) {
        this.deliveries = deliveries;
    }

    @Override
    String request() {
        return "GET /subscribe HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n";
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        super.channelActive(context);
        active = true;
    }

    @Override
    boolean ready() {
        return active;
    }

    @Override
    void event(ChannelHandlerContext context, ByteBuf lines) {
        int at = lines.readerIndex();
        int end = lines.writerIndex();
        while (at < end) {
            if (lines.getByte(at) == DATA[0]) {
                int number = 0;
                for (int i = at + DATA.length; i < at + DATA.length + DIGITS; i++) {
                    number = number * 10 + lines.getByte(i) - '0';
                }
                has(number, deliveries);
                return;
            }
            at = lines.indexOf(at, end, (byte) '\n') + 1;
        }
    }
}

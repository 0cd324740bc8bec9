package dev.perigee.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Somebody who is told of what was published. For one event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes its channel
abstract class Subscriber extends EventStream {

    private @Nullable ChannelHandlerContext context;
    private int has = -1;
    private boolean ended;

    /** The request that opens the stream. */
    abstract String request();

    /** Whether it would be told of anything that is published now. */
    abstract boolean ready();

    /** Another look at what is due. */
    void tick(long now) {
        // Nothing is, as a rule.
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        context = active;
        ByteBuf request = active.alloc().buffer();
        request.writeCharSequence(request(), StandardCharsets.US_ASCII);
        active.writeAndFlush(request, active.voidPromise());
    }

    /** It has everything up to a number. */
    final void has(int number, Deliveries deliveries) {
        if (number > has) {
            deliveries.arrived(has, number);
            has = number;
        }
    }

    /** Up to which number it has everything. */
    final int has() {
        return has;
    }

    /** Whether its stream has ended. */
    final boolean ended() {
        return ended;
    }

    /** Stops reading, or goes on. */
    final void stall(boolean stalled) {
        if (context != null) {
            context.channel().config().setAutoRead(!stalled);
        }
    }

    final void close() {
        if (context != null) {
            context.close();
        }
    }

    @Override
    void refused(ChannelHandlerContext refusing, String head) {
        System.err.println("no stream: " + head);
        refusing.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        super.channelInactive(inactive);
        ended = true;
    }
}

package dev.perigee.web;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Three things Reactor Netty has no limit for. It keeps whatever comes behind a request that has no answer yet: here a
 * connection is closed whose client sends one request after the other without waiting for answers, or without reading
 * them. It reads on, for ever, a body whose request has been answered already (with 401, say): here such a body has the
 * time any other has. And it keeps a whole answer for as long as its client cares to take to read it: here that has its
 * time too. Belongs to one connection.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the promise passed on is what tells
final class RequestGuard extends ChannelDuplexHandler {

    /** Requests and pieces of bodies that wait; no client we know sends even one ahead. */
    private static final int MOST_WAITING = 16;

    private final Duration requestTimeout;
    private final Duration answerTimeout;
    private int unanswered;
    private int waiting;
    private boolean interim;
    /** Whether the last request that began has come to its end. */
    private boolean whole = true;

    private @Nullable Future<?> leftover;

    RequestGuard(Duration requestTimeout, Duration answerTimeout) {
        this.requestTimeout = requestTimeout;
        this.answerTimeout = answerTimeout;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest) {
            unanswered++;
            whole = false;
        }
        if (message instanceof LastHttpContent) {
            whole = true;
            forgive();
        }
        if (unanswered > 1) {
            waiting++;
            if (waiting > MOST_WAITING) {
                ReferenceCountUtil.release(message);
                context.close();
                return;
            }
        }
        context.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof HttpResponse response) {
            interim = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
        }
        if (message instanceof LastHttpContent && !interim) {
            // Handed over is not enough: who does not read would have all requests answered into our memory.
            ChannelPromise sent = promise.unvoid();
            context.write(message, sent.addListener(done -> answered(context)));
            if (!context.channel().isWritable()) {
                limit(context, sent);
            }
            return;
        }
        context.write(message, promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        forgive();
        context.fireChannelInactive();
    }

    /** What fits into Netty's buffer is not worth a clock. A stream has no end to wait for: its acknowledgements decide. */
    private void limit(ChannelHandlerContext context, ChannelPromise sent) {
        Future<?> tooSlow =
                context.executor().schedule(() -> context.close(), answerTimeout.toMillis(), TimeUnit.MILLISECONDS);
        sent.addListener(done -> tooSlow.cancel(false));
    }

    private void answered(ChannelHandlerContext context) {
        if (unanswered > 0) {
            unanswered--;
        }
        if (unanswered <= 1) {
            waiting = 0;
        }
        if (unanswered == 0 && !whole && context.channel().isActive()) {
            leftover = context.executor()
                    .schedule(() -> context.close(), requestTimeout.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void forgive() {
        Future<?> scheduled = leftover;
        if (scheduled != null) {
            scheduled.cancel(false);
            leftover = null;
        }
    }
}

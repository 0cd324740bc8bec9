package dev.perigee.web;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Closes a connection whose client sends one request after the other without waiting for answers, or without reading them.
 * Reactor Netty keeps what comes behind a request that has no answer yet, without any limit, and a token is not needed for
 * that. Belongs to one connection.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the promise passed on is what tells
final class PipelineLimit extends ChannelDuplexHandler {

    /** Requests and pieces of bodies that wait; no client we know sends even one ahead. */
    private static final int MOST_WAITING = 16;

    private int unanswered;
    private int waiting;
    private boolean interim;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest) {
            unanswered++;
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
            // Written is not enough: a client that does not read would have all its requests answered into our memory.
            context.write(message, promise.unvoid().addListener(sent -> answered()));
            return;
        }
        context.write(message, promise);
    }

    private void answered() {
        if (unanswered > 0) {
            unanswered--;
        }
        if (unanswered <= 1) {
            waiting = 0;
        }
    }
}

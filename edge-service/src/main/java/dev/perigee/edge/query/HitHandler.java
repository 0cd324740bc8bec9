package dev.perigee.edge.query;

import dev.perigee.edge.cache.QueryKey;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.web.MinVersion;
import dev.perigee.web.ProblemException;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Answers hits beneath the framework, which costs several times what the hit does. It guards nothing by itself: the first
 * requests of a connection all go the whole way, and only what has the very head of one that was answered from memory is
 * answered here. Everything else passes through, untouched and in order. Belongs to one connection.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the promise passed on is what tells
final class HitHandler extends ChannelDuplexHandler {

    private final QueryService service;
    private final Requests requests;
    private @Nullable KnownHead known;
    /** Of the request that is under way, if its head may become known. */
    private @Nullable KnownHead asked;

    /** A request whose body is still to come, in the same read; else it is passed on, for there it has its time. */
    private @Nullable HttpRequest held;

    private int underWay;
    private boolean interim;
    private boolean answered;

    HitHandler(QueryService service, Requests requests) {
        this.service = service;
        this.requests = requests;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        HttpRequest head = held;
        if (head != null) {
            held = null;
            if (message instanceof LastHttpContent body && answer(context, head, body)) {
                body.release();
                answered = true;
                return;
            }
            pass(context, head);
        }
        if (message instanceof HttpRequest request) {
            KnownHead before = known;
            // Not while another is under way: answers come in the order of their requests.
            if (underWay == 0 && before != null && !(message instanceof LastHttpContent) && before.isOf(request)) {
                held = request;
                return;
            }
            pass(context, request);
            return;
        }
        context.fireChannelRead(message);
    }

    private void pass(ChannelHandlerContext context, HttpRequest request) {
        underWay++;
        asked = underWay == 1 ? KnownHead.of(request) : null;
        context.fireChannelRead(request);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        HttpRequest head = held;
        if (head != null) {
            held = null;
            pass(context, head);
        }
        if (answered) {
            answered = false;
            context.flush();
            // Reactor Netty reads on when it has answered; it knows nothing of this one.
            context.read();
        }
        context.fireChannelReadComplete();
    }

    private boolean answer(ChannelHandlerContext context, HttpRequest head, LastHttpContent last) {
        KnownHead same = known;
        if (same == null
                || !last.decoderResult().isSuccess()
                || !last.trailingHeaders().isEmpty()) {
            return false;
        }
        byte[] body = ByteBufUtil.getBytes(last.content());
        QueryKey key = requests.read(body);
        if (key == null) {
            return false;
        }
        HttpHeaders headers = head.headers();
        MinVersion minVersion;
        try {
            minVersion = MinVersion.parse(headers.getAll(PerigeeHeaders.MIN_VERSION));
        } catch (ProblemException malformed) {
            return false;
        }
        CacheControl control = CacheControl.parse(headers.getAll(HttpHeaderNames.CACHE_CONTROL));
        Hit hit = service.hit(new Read(key, new Read.Body(body), control, minVersion));
        if (hit == null) {
            return false;
        }
        context.write(
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.OK,
                        Unpooled.wrappedBuffer(hit.result().body()),
                        same.answer(hit),
                        EmptyHttpHeaders.INSTANCE),
                context.voidPromise());
        return true;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof HttpResponse response) {
            interim = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            KnownHead request = asked;
            if (request != null && !interim) {
                asked = null;
                known = request.answered(response) ? request : known;
            }
        }
        if (message instanceof LastHttpContent && !interim) {
            underWay--;
        }
        context.write(message, promise);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        ReferenceCountUtil.release(held);
        held = null;
    }
}

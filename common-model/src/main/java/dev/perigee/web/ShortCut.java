package dev.perigee.web;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AttributeKey;
import java.time.Instant;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.Compression;
import reactor.netty.NettyPipeline;

/**
 * Answers requests beneath the web framework, which costs many times what they do. It guards nothing by itself: the first
 * ones of a connection go the whole way, and only what has the very head of one that was let in ({@link KnownHead}) may be
 * answered here, for as long as that one would be. Everything else, and whatever is to be refused, passes through, untouched and in order. Belongs to one
 * connection.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the promise passed on is what tells
public abstract class ShortCut extends ChannelDuplexHandler {

    private static final Logger log = LoggerFactory.getLogger(ShortCut.class);

    /** Until when the request that is under way on a connection is let in; absent if nobody has let it in. */
    private static final AttributeKey<Instant> LET_IN_UNTIL = AttributeKey.valueOf("perigee.letInUntil");

    private @Nullable KnownHead known;
    private Instant knownUntil = Instant.MIN;
    /** Of the request that is under way, if its head may become known. */
    private @Nullable KnownHead asked;
    /** A request whose body is still to come, in the same read; else it is passed on, for there it has its time. */
    private @Nullable HttpRequest held;

    private int underWay;
    private boolean interim;
    private boolean answered;

    /**
     * Puts one into each connection of HTTP/1.1, if the server does no more to an answer than to write it: does not
     * compress it, nor log it.
     */
    public static void into(NettyReactiveWebServerFactory factory, Supplier<? extends ShortCut> shortCuts) {
        factory.addServerCustomizers(server -> server.doOnChannelInit((observer, channel, remote) -> {
            ChannelPipeline pipeline = channel.pipeline();
            // No codec is there if HTTP/2 may be negotiated.
            if (pipeline.get(NettyPipeline.HttpCodec) != null
                    && pipeline.get(NettyPipeline.AccessLogHandler) == null
                    && !compresses(factory.getCompression())) {
                pipeline.addBefore(NettyPipeline.HttpTrafficHandler, "perigee.shortCut", shortCuts.get());
            }
        }));
    }

    private static boolean compresses(@Nullable Compression compression) {
        return compression != null && compression.getEnabled();
    }

    /**
     * The request that is under way on this connection has been let in.
     *
     * @param until from then on its like is not, or null
     */
    public static void letIn(Channel channel, @Nullable Instant until) {
        channel.attr(LET_IN_UNTIL).set(until == null ? Instant.MAX : until);
    }

    /** The head of a request, if it is of the kind that is answered here. */
    protected abstract @Nullable KnownHead head(HttpRequest request);

    /** Learns from the answer to it; whether what has the same head may be answered here. */
    protected abstract boolean learn(KnownHead head, HttpResponse answer);

    /**
     * Answers a request.
     *
     * @return null if that is to be done the whole way; then nothing has happened
     */
    protected abstract @Nullable HttpResponse answer(KnownHead head, HttpRequest request, byte[] body);

    /**
     * A 200.
     *
     * @param body from here on nobody may change it
     */
    protected static HttpResponse ok(HttpHeaders head, byte[] body) {
        return new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.OK,
                Unpooled.wrappedBuffer(body),
                head,
                EmptyHttpHeaders.INSTANCE);
    }

    @Override
    public final void channelRead(ChannelHandlerContext context, Object message) {
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
            if (underWay == 0
                    && before != null
                    && !(message instanceof LastHttpContent)
                    && isStillLetIn()
                    && before.isOf(request)) {
                held = request;
            } else {
                pass(context, request);
            }
            return;
        }
        context.fireChannelRead(message);
    }

    private boolean isStillLetIn() {
        return knownUntil.equals(Instant.MAX) || Instant.now().isBefore(knownUntil);
    }

    private void pass(ChannelHandlerContext context, HttpRequest request) {
        underWay++;
        asked = null;
        if (underWay == 1) {
            context.channel().attr(LET_IN_UNTIL).set(null);
            asked = head(request);
        }
        context.fireChannelRead(request);
    }

    @Override
    public final void channelReadComplete(ChannelHandlerContext context) {
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

    private boolean answer(ChannelHandlerContext context, HttpRequest request, LastHttpContent last) {
        KnownHead same = known;
        if (same == null
                || !last.decoderResult().isSuccess()
                || !last.trailingHeaders().isEmpty()) {
            return false;
        }
        HttpResponse answer;
        try {
            answer = answer(same, request, ByteBufUtil.getBytes(last.content()));
        } catch (RuntimeException broken) {
            log.error("A request could not be answered; it goes the whole way", broken);
            return false;
        }
        if (answer == null) {
            return false;
        }
        context.write(answer, context.voidPromise());
        return true;
    }

    @Override
    public final void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof HttpResponse response) {
            interim = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            KnownHead request = asked;
            if (request != null && !interim) {
                asked = null;
                Instant until = context.channel().attr(LET_IN_UNTIL).get();
                if (until != null && learn(request, response)) {
                    known = request;
                    knownUntil = until;
                }
            }
        }
        if (message instanceof LastHttpContent && !interim) {
            underWay--;
        }
        context.write(message, promise);
    }
}

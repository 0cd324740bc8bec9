package dev.perigee.home.edges;

import dev.perigee.model.Acknowledgement;
import dev.perigee.web.ProblemException;
import dev.perigee.web.WireJson;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;
import reactor.netty.NettyPipeline;
import tools.jackson.core.JacksonException;

/**
 * Takes acknowledgements beneath the framework, which costs many times what they do: with a thousand edges they would take
 * most of home's time. It guards nothing by itself: the first one of a connection goes the whole way, and only what has the
 * very head of one that was let in is taken here. Everything else, and whatever is to be refused, passes through, untouched
 * and in order. Belongs to one connection.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the promise passed on is what tells
final class AckHandler extends ChannelDuplexHandler {

    private static final String NAME = "perigee.acks";

    private final Acknowledgements acknowledgements;
    private @Nullable KnownAck known;
    /** Of the request that is under way, if its head may become known. */
    private @Nullable KnownAck asked;
    /** A request whose body is still to come, in the same read; else it is passed on, for there it has its time. */
    private @Nullable HttpRequest held;

    private int underWay;
    private boolean interim;
    private boolean answered;

    private AckHandler(Acknowledgements acknowledgements) {
        this.acknowledgements = acknowledgements;
    }

    /** Puts one into a new connection. */
    static void into(Channel channel, Acknowledgements acknowledgements) {
        // Not there if HTTP/2 may be negotiated. What compresses answers or logs them is to see all of them.
        if (channel.pipeline().get(NettyPipeline.HttpCodec) != null
                && channel.pipeline().get(NettyPipeline.CompressionHandler) == null
                && channel.pipeline().get(NettyPipeline.AccessLogHandler) == null) {
            channel.pipeline().addBefore(NettyPipeline.HttpTrafficHandler, NAME, new AckHandler(acknowledgements));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        HttpRequest head = held;
        if (head != null) {
            held = null;
            if (message instanceof LastHttpContent body && take(context, body)) {
                body.release();
                answered = true;
                return;
            }
            pass(context, head);
        }
        if (message instanceof HttpRequest request) {
            KnownAck before = known;
            // Not while another is under way: answers come in the order of their requests.
            if (underWay == 0 && before != null && !(message instanceof LastHttpContent) && before.isOf(request)) {
                held = request;
            } else {
                pass(context, request);
            }
            return;
        }
        context.fireChannelRead(message);
    }

    private void pass(ChannelHandlerContext context, HttpRequest request) {
        underWay++;
        asked = underWay == 1 ? KnownAck.of(request) : null;
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

    private boolean take(ChannelHandlerContext context, LastHttpContent last) {
        KnownAck same = known;
        if (same == null
                || !last.decoderResult().isSuccess()
                || !last.trailingHeaders().isEmpty()) {
            return false;
        }
        byte[] answer;
        try {
            Acknowledgement ack =
                    WireJson.mapper().readValue(ByteBufUtil.getBytes(last.content()), Acknowledgement.class);
            if (ack == null) {
                return false;
            }
            answer = WireJson.mapper().writeValueAsBytes(acknowledgements.take(same.edgeId(), ack));
        } catch (JacksonException | ProblemException refused) {
            // Nothing has changed; the whole way says so properly.
            return false;
        }
        context.write(
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.OK,
                        Unpooled.wrappedBuffer(answer),
                        same.answer(answer.length),
                        EmptyHttpHeaders.INSTANCE),
                context.voidPromise());
        return true;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof HttpResponse response) {
            interim = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            KnownAck request = asked;
            if (request != null && !interim) {
                asked = null;
                known = request.answered(response) ? request : null;
            }
        }
        if (message instanceof LastHttpContent && !interim) {
            underWay--;
        }
        context.write(message, promise);
    }
}

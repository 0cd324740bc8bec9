package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packets without a type that a client begins with (manual, "SSL Session Encryption", "GSSAPI Session Encryption",
 * "Canceling Requests in Progress"), as ProcessStartupPacket of PostgreSQL treats them: what PostgreSQL answers is
 * answered, and where it says nothing but closes, so does this. Once the client has said what it wants, a session takes
 * its place. For one connection.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of a connection that is to be closed nothing more is wanted
final class StartupNegotiation extends ByteToMessageDecoder {

    static final int SSL_REQUEST = 80877103;
    static final int GSSENC_REQUEST = 80877104;
    static final int CANCEL_REQUEST = 80877102;

    private static final Logger log = LoggerFactory.getLogger(StartupNegotiation.class);

    private static final int LENGTH = 4;
    private static final int SHORTEST = LENGTH + 4;
    private static final int LONGEST = LENGTH + PgWireProperties.MAX_STARTUP_PACKET_LENGTH;
    private static final int MAJOR = 3;

    private final ClientConnection client;
    private final ServerSide server;
    private boolean sslDone;
    private boolean gssDone;
    /** Refused, or served: whatever else comes is dropped. */
    private boolean over;

    /**
     * What the connections of one server have in common.
     *
     * @param tls the current TLS context; null if clients get none
     */
    record ServerSide(
            Connections connections,
            SessionFactory sessions,
            CancelRegistry cancels,
            @Nullable Supplier<SslContext> tls,
            boolean requireTls) {}

    StartupNegotiation(ClientConnection client, ServerSide server) {
        this.client = client;
        this.server = server;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (over || !context.channel().isActive()) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (in.readableBytes() < LENGTH) {
            return;
        }
        long length = in.getUnsignedInt(in.readerIndex());
        if (length < SHORTEST || length > LONGEST) {
            // Somebody who speaks another protocol, who would make nothing of an ErrorResponse.
            close(context, "invalid length of startup packet");
            return;
        }
        if (in.readableBytes() < length) {
            return;
        }
        packet(context, in, (int) length);
    }

    private void packet(ChannelHandlerContext context, ByteBuf in, int length) {
        int code = in.getInt(in.readerIndex() + LENGTH);
        if (code == CANCEL_REQUEST) {
            over = true;
            server.cancels
                    .cancel(context.channel().eventLoop(), in.readSlice(length))
                    .addListener(done -> context.close());
        } else if (code == SSL_REQUEST && !sslDone) {
            in.skipBytes(length);
            sslRequest(context, in);
        } else if (code == GSSENC_REQUEST && !gssDone) {
            in.skipBytes(length);
            if (in.isReadable()) {
                refuse(context, unencrypted("GSSAPI encryption request"));
                return;
            }
            gssDone = true;
            answer(context, 'N');
        } else if (code >>> 16 != MAJOR) {
            refuse(
                    context,
                    ErrorResponse.fatal(
                            ErrorResponse.FEATURE_NOT_SUPPORTED,
                            "unsupported frontend protocol " + (code >>> 16) + "." + (code & 0xffff)
                                    + ": server supports 3.0 to 3.2"));
        } else if (server.requireTls && !client.tls()) {
            refuse(
                    context,
                    ErrorResponse.fatal(ErrorResponse.INVALID_AUTHORIZATION, "this edge requires TLS")
                            .withHint("Connect with sslmode=require, or stricter."));
        } else if (!server.connections.takePlace(context.channel())) {
            refuse(context, ErrorResponse.fatal(ErrorResponse.TOO_MANY_CONNECTIONS, "sorry, too many clients already"));
        } else {
            over = true;
            context.pipeline().replace(this, "session", server.sessions.begin(client, in.readBytes(length)));
        }
    }

    private void sslRequest(ChannelHandlerContext context, ByteBuf in) {
        if (in.isReadable()) {
            // Sent in the clear, by who knows whom; it must not be taken for something the client said under TLS.
            refuse(context, unencrypted("SSL request"));
            return;
        }
        sslDone = true;
        Channel channel = context.channel();
        SslContext tls = server.tls == null || client.tls() ? null : server.tls.get();
        if (tls == null) {
            answer(context, 'N');
            return;
        }
        gssDone = true;
        answer(context, 'S');
        context.pipeline().addBefore(context.name(), "tls", tlsHandler(tls, channel));
    }

    static SslHandler tlsHandler(SslContext context, Channel channel) {
        SslHandler handler = context.newHandler(channel.alloc());
        // The start-up timeout is for all of the start-up.
        handler.setHandshakeTimeoutMillis(0);
        return handler;
    }

    private static ErrorResponse unencrypted(String after) {
        return ErrorResponse.fatal(ErrorResponse.PROTOCOL_VIOLATION, "received unencrypted data after " + after)
                .withDetail("This could be either a client-software bug or evidence of an attempted man-in-the-middle"
                        + " attack.");
    }

    private static void answer(ChannelHandlerContext context, char answer) {
        context.writeAndFlush(context.alloc().buffer(1, 1).writeByte(answer));
    }

    private void refuse(ChannelHandlerContext context, ErrorResponse error) {
        over = true;
        log.debug("{} is refused: {}", context.channel().remoteAddress(), error.message());
        context.writeAndFlush(error.encode(context.alloc())).addListener(ChannelFutureListener.CLOSE);
    }

    private void close(ChannelHandlerContext context, String why) {
        over = true;
        log.debug("{} is closed: {}", context.channel().remoteAddress(), why);
        context.close();
    }

    /** Packets are decoded as they come; a client that has gone begins nothing. */
    @Override
    protected void decodeLast(ChannelHandlerContext context, ByteBuf in, List<Object> out) {}

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
        if (event == ConnectionEvent.SHUTDOWN && !over) {
            if (isHandshaking(context)) {
                close(context, "shutting down");
            } else {
                refuse(context, ErrorResponse.shutdown());
            }
        } else if (event == ConnectionEvent.STARTUP_TIMEOUT) {
            close(context, "start-up took too long");
        } else {
            super.userEventTriggered(context, event);
        }
    }

    private static boolean isHandshaking(ChannelHandlerContext context) {
        SslHandler tls = context.pipeline().get(SslHandler.class);
        return tls != null && !tls.handshakeFuture().isDone();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        close(context, String.valueOf(cause.getMessage()));
    }
}

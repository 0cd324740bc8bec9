package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells a client that begins with TLS at once ({@code sslnegotiation=direct}) from one that asks for it first, as
 * ProcessSSLStartup of PostgreSQL does: such a client has to name the protocol ({@link #PROTOCOL}) by ALPN, so that nobody
 * can make a server of one protocol read what was meant for one of another. For one connection.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of a connection that is to be closed nothing more is wanted
final class FirstByte extends ByteToMessageDecoder {

    /** PostgreSQL's name in ALPN. */
    static final String PROTOCOL = "postgresql";

    /** A record of TLS that is part of a handshake. No packet that is not of TLS is as long as it would mean. */
    private static final byte TLS_HANDSHAKE = 0x16;

    private final @Nullable Supplier<SslContext> tls;

    FirstByte(@Nullable Supplier<SslContext> tls) {
        this.tls = tls;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (in.getByte(in.readerIndex()) != TLS_HANDSHAKE) {
            context.pipeline().remove(this);
            return;
        }
        if (tls == null) {
            in.skipBytes(in.readableBytes());
            context.close();
            return;
        }
        SslHandler handler = StartupNegotiation.tlsHandler(tls.get(), context.channel());
        handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess() && !PROTOCOL.equals(handler.applicationProtocol())) {
                context.channel().close();
            }
        });
        context.pipeline().replace(this, "tls", handler);
    }
}

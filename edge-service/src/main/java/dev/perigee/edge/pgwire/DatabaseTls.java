package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;

/** Encrypts connections to the database, as libpq does (manual, "SSL Session Encryption"). Thread-safe. */
final class DatabaseTls {

    private static final int REQUEST_LENGTH = 8;
    /** Of servers that might have the same session; any will do. */
    private static final int PORT = 5432;

    private final Supplier<SslContext> contexts;
    private final String serverName;
    private final Duration timeout;

    /**
     * @param serverName whom the certificate has to be for, if that is looked at
     * @param timeout how long the server may take
     */
    DatabaseTls(Supplier<SslContext> contexts, String serverName, Duration timeout) {
        this.contexts = contexts;
        this.serverName = serverName;
        this.timeout = timeout;
    }

    /**
     * Does what this attempt says on a fresh connection.
     *
     * @return whether it is encrypted now; failed if the attempt has failed
     */
    Future<Boolean> begin(Channel channel, Attempt attempt) {
        Promise<Boolean> encrypted = channel.eventLoop().newPromise();
        if (attempt == Attempt.PLAIN) {
            return encrypted.setSuccess(false);
        }
        channel.pipeline().addLast(new Exchange(attempt, encrypted));
        channel.config().setAutoRead(true);
        return encrypted;
    }

    private void handshake(ChannelHandlerContext context, Promise<Boolean> encrypted) {
        Channel channel = context.channel();
        SslHandler tls = contexts.get().newHandler(channel.alloc(), serverName, PORT);
        indicateServerName(tls);
        tls.setHandshakeTimeoutMillis(timeout.toMillis());
        tls.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                context.pipeline().remove(context.handler());
                encrypted.trySuccess(true);
            } else {
                encrypted.tryFailure(done.cause());
            }
        });
        context.pipeline().addBefore(context.name(), null, tls);
    }

    /** As libpq: every name, not only those with a dot, which is what the JDK does of itself. */
    private void indicateServerName(SslHandler tls) {
        if (NetUtil.isValidIpV4Address(serverName) || NetUtil.isValidIpV6Address(serverName)) {
            return;
        }
        try {
            SSLParameters parameters = tls.engine().getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(serverName)));
            tls.engine().setSSLParameters(parameters);
        } catch (IllegalArgumentException notForDns) {
            // Such as one with an underscore: the connection may be right all the same.
        }
    }

    /** Asks for TLS, takes the one byte that answers, and stays until it is done: whatever fails is told nobody else. */
    private final class Exchange extends ChannelInboundHandlerAdapter {

        private final Attempt attempt;
        private final Promise<Boolean> encrypted;
        private boolean answered;

        Exchange(Attempt attempt, Promise<Boolean> encrypted) {
            this.attempt = attempt;
            this.encrypted = encrypted;
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // if it cannot be sent, no answer comes
        public void handlerAdded(ChannelHandlerContext context) {
            context.writeAndFlush(context.alloc()
                    .buffer(REQUEST_LENGTH)
                    .writeInt(REQUEST_LENGTH)
                    .writeInt(StartupNegotiation.SSL_REQUEST));
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf answer = (ByteBuf) message;
            try {
                if (answered || encrypted.isDone() || !answer.isReadable()) {
                    return;
                }
                int length = answer.readableBytes();
                answered(context, answer.readByte(), length);
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        private void answered(ChannelHandlerContext context, byte answer, int length) {
            if (answer == 'E') {
                encrypted.tryFailure(new IOException("the server answers a request for TLS with an error"));
            } else if (length > 1) {
                // Sent in the clear, by who knows whom; it must not be taken for something the server said under TLS.
                encrypted.tryFailure(
                        new IOException("received unencrypted data after the answer to a request for TLS"));
            } else if (answer == 'S') {
                answered = true;
                handshake(context, encrypted);
            } else if (answer != 'N') {
                encrypted.tryFailure(new IOException("received an invalid answer to a request for TLS"));
            } else if (attempt == Attempt.TLS) {
                encrypted.tryFailure(new IOException("the server does not support TLS, but TLS was required"));
            } else {
                context.pipeline().remove(this);
                encrypted.trySuccess(false);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            encrypted.tryFailure(new IOException("the server has closed the connection"));
            context.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            encrypted.tryFailure(cause);
        }
    }
}

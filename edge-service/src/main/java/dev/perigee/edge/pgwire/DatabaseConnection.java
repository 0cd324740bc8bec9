package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session's connection to the database: tries one way after the other, says what the client has asked for, and hands over
 * message by message what the server says. For the session's event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes its channel, and that is heard of
final class DatabaseConnection {

    private static final Logger log = LoggerFactory.getLogger(DatabaseConnection.class);

    private final EventLoop loop;
    private final Upstream upstream;
    private final Startup startup;
    private final Session session;
    private final Deque<Attempt> attempts;
    private @Nullable Future<Upstream.Connection> connecting;
    private Upstream.@Nullable Connection way;
    private @Nullable MessageFramer framer;
    private boolean heard;
    private boolean closed;

    /** Whose it is. */
    interface Session {

        /** What the server's messages go to; anew for each connection. */
        MessageFramer.Sink fromServer();

        /** Nothing more is there to be read at the moment. */
        void readComplete();

        /** There is a connection, or there is none any more, or it takes more or less than before. */
        void updateReading();

        /** Every way has been tried. */
        void unreachable();

        /** The server has sent what cannot be cut into messages, or makes no sense. */
        void garbled();

        /** The server has closed the connection. */
        void serverGone();
    }

    DatabaseConnection(EventLoop loop, Upstream upstream, Startup startup, Session session) {
        this.loop = loop;
        this.upstream = upstream;
        this.startup = startup;
        this.session = session;
        this.attempts = new ArrayDeque<>(upstream.attempts());
    }

    void connect() {
        connect("");
    }

    private void connect(String before) {
        Attempt attempt = attempts.poll();
        if (attempt == null) {
            log.debug("no connection to the database: {}", before);
            session.unreachable();
            return;
        }
        heard = false;
        startup.again();
        Future<Upstream.Connection> opening = upstream.connect(loop, attempt);
        connecting = opening;
        opening.addListener(done -> {
            connecting = null;
            if (opening.isSuccess()) {
                connected(opening.getNow());
            } else {
                connect(String.valueOf(opening.cause()));
            }
        });
        session.updateReading();
    }

    private void connected(Upstream.Connection connection) {
        Channel channel = connection.channel();
        if (closed) {
            channel.close();
            return;
        }
        way = connection;
        framer = new MessageFramer(channel.alloc(), session.fromServer(), Integer.MAX_VALUE - 1);
        channel.pipeline().addLast(new Handler(channel));
        channel.writeAndFlush(Unpooled.wrappedBuffer(startup.packet()), channel.voidPromise());
        session.updateReading();
    }

    /** The server has said something that the client is told: it is this connection or none. */
    void heard() {
        heard = true;
    }

    /**
     * Tries the next way if the server has refused us before it said anything else, and there is one.
     *
     * @return whether there is
     */
    boolean triesAgain() {
        Upstream.Connection refused = way;
        if (heard || refused == null) {
            return false;
        }
        while (attempts.peek() != null && refused.was(attempts.peek())) {
            attempts.poll();
        }
        if (attempts.isEmpty()) {
            return false;
        }
        forget();
        refused.channel().close();
        connect("refused");
        return true;
    }

    private void forget() {
        MessageFramer cutting = framer;
        if (cutting != null) {
            cutting.close();
        }
        framer = null;
        way = null;
    }

    private @Nullable Channel channel() {
        Upstream.Connection connection = way;
        return connection == null ? null : connection.channel();
    }

    /** Whether there is one now. */
    boolean isOpen() {
        return way != null;
    }

    /** Whether there is one that takes more now. */
    boolean isWritable() {
        Channel channel = channel();
        return channel != null && channel.isWritable();
    }

    /** The way it took; null if there is none. */
    Upstream.@Nullable Route route() {
        Upstream.Connection connection = way;
        return connection == null ? null : connection.route();
    }

    void write(ByteBuf bytes) {
        Channel channel = channel();
        if (channel == null) {
            bytes.release();
        } else {
            channel.write(bytes, channel.voidPromise());
        }
    }

    void flush() {
        Channel channel = channel();
        if (channel != null) {
            channel.flush();
        }
    }

    /** Whether to read on. */
    void read(boolean reads) {
        Channel channel = channel();
        if (channel != null) {
            channel.config().setAutoRead(reads);
        }
    }

    /** What the server has to send is nobody's any more; it is told so, and need not find out. */
    void close() {
        closed = true;
        Future<Upstream.Connection> opening = connecting;
        if (opening != null) {
            opening.cancel(false);
        }
        Channel channel = channel();
        forget();
        if (channel != null) {
            channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {FrontendMessage.TERMINATE, 0, 0, 0, 4}))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }

    private final class Handler extends ChannelInboundHandlerAdapter {
        private final Channel channel;

        Handler(Channel channel) {
            this.channel = channel;
        }

        private boolean isCurrent() {
            return channel.equals(channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            MessageFramer cutting = framer;
            if (!isCurrent() || cutting == null) {
                bytes.release();
                return;
            }
            try {
                cutting.feed(bytes);
            } catch (ProtocolViolation violation) {
                session.garbled();
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            session.readComplete();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            session.updateReading();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (isCurrent() && !triesAgain()) {
                session.serverGone();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
            if (failure instanceof IOException) {
                log.debug("the connection to the database failed", failure);
            } else {
                log.warn("a session failed", failure);
            }
            ctx.close();
        }
    }
}

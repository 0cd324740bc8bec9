package dev.perigee.edge.pgwire;

import dev.perigee.edge.pgwire.CancelRegistry.Registration;
import dev.perigee.edge.pgwire.Upstream.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session that passes on what comes from either side, and looks at nothing but how the start-up ends. */
@SuppressWarnings("FutureReturnValueIgnored")
final class Relay extends ChannelInboundHandlerAdapter {

    private static final Logger log = LoggerFactory.getLogger(Relay.class);

    /** All that came from the database, and from the client. */
    static final AtomicLong FROM_DATABASE = new AtomicLong();

    static final AtomicLong FROM_CLIENT = new AtomicLong();

    /** The newest. */
    static volatile Relay last;

    private final EdgeFixture edge;
    private final ClientConnection client;
    private final ByteBuf startup;
    private final List<Attempt> attempts;
    private int attempt;
    private ChannelHandlerContext context;
    volatile Connection database;
    /** The secret key of its session. */
    volatile byte[] key;

    volatile int processId;

    Relay(EdgeFixture edge, ClientConnection client, ByteBuf startup) {
        this.edge = edge;
        this.client = client;
        this.startup = startup;
        this.attempts = edge.upstream.attempts();
    }

    static SessionFactory sessions(EdgeFixture edge) {
        return (client, startup) -> new Relay(edge, client, startup);
    }

    Channel client() {
        return client.channel();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        last = this;
        context.channel().config().setAutoRead(false);
        context.channel().closeFuture().addListener(closed -> startup.release());
        connect();
    }

    private void connect() {
        edge.upstream
                .connect(context.channel().eventLoop(), attempts.get(attempt))
                .addListener((Future<Connection> connected) -> {
                    if (connected.isSuccess()) {
                        database = connected.getNow();
                        if (!context.channel().isActive()) {
                            database.channel().close();
                            return;
                        }
                        database.channel().pipeline().addLast(new FromDatabase(database));
                        database.channel().writeAndFlush(startup.retainedDuplicate());
                        database.channel().read();
                    } else if (!another()) {
                        refuse("08006", String.valueOf(connected.cause()));
                    }
                });
    }

    private boolean another() {
        Connection before = database;
        do {
            attempt++;
        } while (attempt < attempts.size() && before != null && before.was(attempts.get(attempt)));
        if (attempt >= attempts.size()) {
            return false;
        }
        connect();
        return true;
    }

    private void refuse(String code, String message) {
        context.writeAndFlush(ErrorResponse.fatal(code, message).encode(context.alloc()))
                .addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        FROM_CLIENT.addAndGet(((ByteBuf) message).readableBytes());
        database.channel().writeAndFlush(message);
        readFromClient();
    }

    private void readFromClient() {
        context.channel().config().setAutoRead(database.channel().isWritable());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) {
        if (database != null) {
            database.channel().config().setAutoRead(changed.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext gone) {
        if (database != null) {
            database.channel().close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        log.warn("from the client", cause);
        failed.close();
    }

    private final class FromDatabase extends ChannelInboundHandlerAdapter {

        private final Connection connection;
        private final ByteArrayOutputStream start = new ByteArrayOutputStream();
        private boolean first = true;
        private boolean ready;
        private boolean superseded;
        private Registration registration = () -> {};

        FromDatabase(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void channelRead(ChannelHandlerContext from, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            if (first) {
                first = false;
                if (bytes.getByte(bytes.readerIndex()) == 'E' && another()) {
                    superseded = true;
                    from.close();
                } else {
                    from.channel().config().setAutoRead(true);
                    context.channel().config().setAutoRead(true);
                }
            }
            if (superseded) {
                ReferenceCountUtil.release(message);
                return;
            }
            FROM_DATABASE.addAndGet(bytes.readableBytes());
            if (!ready) {
                start.writeBytes(ByteBufUtil.getBytes(bytes));
                lookAtStart();
            }
            context.writeAndFlush(message);
            from.channel().config().setAutoRead(context.channel().isWritable());
        }

        private void lookAtStart() {
            ByteBuffer all = ByteBuffer.wrap(start.toByteArray());
            while (all.remaining() >= 5) {
                int at = all.position();
                int end = at + 1 + all.getInt(at + 1);
                if (end > all.limit()) {
                    return;
                }
                if (all.get(at) == 'Z') {
                    ready = true;
                    client.started();
                    return;
                }
                if (all.get(at) == 'K') {
                    registration.remove();
                    processId = all.getInt(at + 5);
                    key = Arrays.copyOfRange(all.array(), at + 9, end);
                    registration = edge.cancels.register(processId, key, connection.route());
                }
                all.position(end);
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext changed) {
            readFromClient();
        }

        @Override
        public void channelInactive(ChannelHandlerContext gone) {
            registration.remove();
            if (!superseded) {
                context.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
            log.warn("from the database", cause);
            failed.close();
        }
    }
}

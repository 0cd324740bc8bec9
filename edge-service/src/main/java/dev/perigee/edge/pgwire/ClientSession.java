package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two connections of a session, to its client and to the database: both on one event loop, so that nothing in a session
 * needs a lock. Moves bytes, as fast as whoever is slower takes them, and ends both when either ends.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes its channel, and that is heard of
final class ClientSession extends ChannelInboundHandlerAdapter
        implements Conversation.Ends, DatabaseConnection.Session {

    private static final Logger log = LoggerFactory.getLogger(ClientSession.class);

    /** What a session looks into whole; what is larger is passed on in pieces. */
    private static final int MOST_INSPECTED = 256 * 1024;
    /** PostgreSQL's PG_MAX_AUTH_TOKEN_LENGTH. */
    private static final int MOST_AUTHENTICATION = 65_535;

    private final ClientConnection connection;
    private final Channel client;
    private final Startup startup;
    private final Sessions shared;
    private final DatabaseConnection server;
    private final MessageFramer fromClient;
    private @Nullable Conversation conversation;
    private boolean fatal;
    /** The client has said that it leaves. Its driver would take anything that comes after for a failure. */
    private boolean left;

    private boolean ended;

    ClientSession(ClientConnection connection, Startup startup, Sessions shared) {
        this.connection = connection;
        this.client = connection.channel();
        this.startup = startup;
        this.shared = shared;
        this.server = new DatabaseConnection(client.eventLoop(), shared.upstream(), startup, this);
        this.fromClient = new MessageFramer(client.alloc(), new FromClient(), shared.maxMessage());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        server.connect();
    }

    // What the client says.

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        shared.received(bytes.readableBytes());
        try {
            fromClient.feed(bytes);
        } catch (ProtocolViolation violation) {
            end(ErrorResponse.PROTOCOL_VIOLATION, String.valueOf(violation.getMessage()));
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        readComplete();
    }

    private final class FromClient implements MessageFramer.Sink {

        @Override
        public boolean isReady() {
            Conversation talk = conversation;
            if (ended) {
                return false;
            }
            // Before it is authenticated a client may say no more than it is asked for; afterwards it may have to wait.
            return talk == null ? server.isOpen() && !startup.isAuthenticated() : talk.isReady() && client.isWritable();
        }

        @Override
        public int wanted(byte type, int length) throws ProtocolViolation {
            Conversation talk = conversation;
            if (talk == null) {
                if (type != FrontendMessage.PASSWORD && type != FrontendMessage.TERMINATE) {
                    throw new ProtocolViolation("expected password response, got message type " + (type & 0xff));
                }
                if (length > MOST_AUTHENTICATION) {
                    throw new ProtocolViolation("invalid message length");
                }
                return length + 1;
            }
            return talk.wantedOfClient(type, length, MOST_INSPECTED);
        }

        @Override
        public void message(byte type, ByteBuf bytes, boolean whole) {
            left |= type == FrontendMessage.TERMINATE;
            Conversation talk = conversation;
            if (talk == null) {
                toServer(bytes);
            } else {
                talk.message(type, bytes, whole);
            }
        }

        @Override
        public void more(ByteBuf bytes) {
            toServer(bytes);
        }
    }

    // What the server says.

    @Override
    public MessageFramer.Sink fromServer() {
        return new FromServer();
    }

    @Override
    public void unreachable() {
        end("57P03", "the database cannot be reached");
    }

    @Override
    public void garbled() {
        end(ErrorResponse.PROTOCOL_VIOLATION, "the database sends what is not understood");
    }

    @Override
    public void serverGone() {
        if (fatal) {
            close();
        } else {
            end(ErrorResponse.ADMIN_SHUTDOWN, "terminating connection because the connection to the database was lost");
        }
    }

    private final class FromServer implements MessageFramer.Sink {
        private boolean relays = true;

        @Override
        public boolean isReady() {
            return !ended;
        }

        @Override
        public int wanted(byte type, int length) {
            Conversation talk = conversation;
            return talk == null
                    ? Math.min(length + 1, MOST_INSPECTED)
                    : talk.wantedOfServer(type, length, MOST_INSPECTED);
        }

        @Override
        public void message(byte type, ByteBuf bytes, boolean whole) throws ProtocolViolation {
            if (type == BackendMessage.ERROR_RESPONSE) {
                if (conversation == null && server.triesAgain()) {
                    bytes.release();
                    return;
                }
                fatal = ErrorResponse.isFatal(bytes);
            }
            server.heard();
            Conversation talk = conversation;
            if (talk != null) {
                relays = relay(isForClient(talk, type, bytes, whole), bytes);
                return;
            }
            try {
                relays = starting(type, bytes);
            } catch (ProtocolViolation malformed) {
                bytes.release();
                throw malformed;
            }
        }

        private static boolean isForClient(Conversation talk, byte type, ByteBuf bytes, boolean whole) {
            try {
                return talk.received(type, bytes, whole);
            } catch (RuntimeException | Error bug) {
                bytes.release();
                throw bug;
            }
        }

        private boolean relay(boolean wanted, ByteBuf bytes) {
            if (wanted) {
                toClient(bytes);
            } else {
                bytes.release();
            }
            return wanted;
        }

        @Override
        public void more(ByteBuf bytes) {
            relay(relays, bytes);
        }
    }

    /** Takes a message of the server before it is ready. */
    private boolean starting(byte type, ByteBuf bytes) throws ProtocolViolation {
        switch (type) {
            case BackendMessage.AUTHENTICATION -> {
                ByteBuf seen = startup.authentication(bytes, client.alloc());
                if (startup.isTrusted() && !shared.allowsTrust()) {
                    seen.release();
                    end(ErrorResponse.fatal(
                                    ErrorResponse.INVALID_AUTHORIZATION,
                                    "the database asks for no password, and the edge lets nobody in on its own address")
                            .withHint("Let pg_hba.conf ask for one, or set perigee.edge.pgwire.allow-trust=true if"
                                    + " everybody who can reach the edge may log in."));
                    return false;
                }
                toClient(seen);
                return true;
            }
            case BackendMessage.BACKEND_KEY_DATA -> startup.backendKeyData(bytes);
            case BackendMessage.NEGOTIATE_PROTOCOL_VERSION -> startup.negotiated(bytes);
            case BackendMessage.READY_FOR_QUERY -> {
                bytes.release();
                begin();
                return false;
            }
            default -> {
                // ParameterStatus, NoticeResponse, ErrorResponse are for the client.
            }
        }
        toClient(bytes);
        return true;
    }

    private void begin() {
        connection.started();
        Upstream.Route route = server.route();
        byte[] key = startup.cancelKey();
        if (key != null && route != null) {
            shared.register(client, startup.backendPid(), key, route);
        }
        long idle = shared.idleTimeout().toMillis();
        if (idle > 0) {
            client.pipeline().addFirst(new IdleStateHandler(0, 0, idle, TimeUnit.MILLISECONDS));
        }
        Conversation talk = shared.converse(this, startup.backendPid(), startup.isExotic());
        conversation = talk;
        talk.start();
        resume();
    }

    // Conversation.Ends

    @Override
    public ByteBufAllocator allocator() {
        return client.alloc();
    }

    @Override
    public Executor thread() {
        return client.eventLoop();
    }

    @Override
    public void toClient(ByteBuf bytes) {
        shared.sent(bytes.readableBytes());
        client.write(bytes, client.voidPromise());
    }

    @Override
    public void toServer(ByteBuf bytes) {
        server.write(bytes);
    }

    @Override
    public void resume() {
        // Not at once: the caller is in the middle of something.
        client.eventLoop().execute(() -> {
            try {
                fromClient.drain();
            } catch (ProtocolViolation violation) {
                end(ErrorResponse.PROTOCOL_VIOLATION, String.valueOf(violation.getMessage()));
            }
            readComplete();
        });
    }

    @Override
    public void end(String sqlState, String message) {
        end(ErrorResponse.fatal(sqlState, message));
    }

    private void end(ErrorResponse last) {
        if (!ended) {
            if (!left) {
                client.write(last.encode(client.alloc()), client.voidPromise());
            }
            close();
        }
    }

    // Moving and ending.

    @Override
    public void readComplete() {
        server.flush();
        client.flush();
        updateReading();
    }

    /** Reads from each only what the other takes. */
    @Override
    public void updateReading() {
        Conversation talk = conversation;
        server.read(client.isWritable());
        boolean waits = talk == null ? !server.isOpen() || startup.isAuthenticated() : !talk.isReady();
        client.config().setAutoRead(!waits && client.isWritable() && server.isWritable());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (client.isWritable()) {
            resume();
        } else {
            updateReading();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ConnectionEvent.SHUTDOWN) {
            end(ErrorResponse.shutdown());
        } else if (event instanceof IdleStateEvent) {
            Conversation talk = conversation;
            if (talk != null && talk.isQuiet()) {
                end("57P05", "terminating connection due to idle-session timeout");
            }
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
        if (failure instanceof IOException) {
            log.debug("a client's connection failed", failure);
        } else {
            log.warn("a session failed", failure);
        }
        close();
    }

    private void close() {
        if (ended) {
            return;
        }
        ended = true;
        fromClient.close();
        Conversation talk = conversation;
        if (talk != null) {
            talk.close();
        }
        server.close();
        client.flush();
        client.close();
    }
}

package dev.perigee.edge.pgwire;

import dev.perigee.edge.query.QueryMetrics;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session after its start: what the client sends is answered from memory or goes to the server as it is, and what comes back
 * is recorded on its way if it may be kept. Whatever is not fully understood is forwarded, never guessed.
 *
 * <p>For one session's thread.
 */
final class Conversation implements Replies.Listener {

    private static final Logger log = LoggerFactory.getLogger(Conversation.class);

    private final WireReads reads;
    private final Ends ends;
    private final Replies replies = new Replies(this);
    private final SessionTracker session;
    private final SimpleProtocol simple;
    private final ExtendedProtocol extended;
    private @Nullable Deferred deferred;
    private boolean passing;
    private boolean starting;

    /** The two ends of a session. */
    interface Ends {

        ByteBufAllocator allocator();

        /** The session's thread. */
        Executor thread();

        void toClient(ByteBuf bytes);

        void toServer(ByteBuf bytes);

        /** The client's next message may come: {@link #isReady} may have become true. */
        void resume();

        /** The session cannot go on. */
        void end(String sqlState, String message);
    }

    /** A question about the edge that was sent before what precedes it has been answered. */
    private record Deferred(byte type, ByteBuf bytes) {}

    /**
     * A session that is ready for its first query.
     *
     * @param backendPid of the server's process
     * @param passing whether the edge only passes on what is said, because it would not understand it
     */
    Conversation(
            WireReads reads,
            PerigeeStatements about,
            QueryMetrics metrics,
            Ends ends,
            int backendPid,
            boolean passing) {
        this.reads = reads;
        this.ends = ends;
        this.session = new SessionTracker(reads, metrics, ends, replies, backendPid);
        this.simple = new SimpleProtocol(reads, about, ends, replies, session);
        this.extended = new ExtendedProtocol(reads, about, ends, replies, session, this::lost);
        this.passing = passing;
    }

    /** The server is ready for the first time; the client is told when it is known what the session is. */
    void start() {
        starting = true;
        if (passing || !session.sendProbe()) {
            started();
        }
    }

    private void started() {
        starting = false;
        ends.toClient(BackendMessage.readyForQuery());
    }

    /**
     * Whether the next message of the client may come: not while a probe is on its way, whose answer it may depend on, nor
     * while one that has come waits for its turn; nor, between batches, while it is not known whether the server has
     * skipped what the edge has sent on the client's behalf.
     */
    boolean isReady() {
        return !session.isProbing() && deferred == null && (extended.isOpen() || !replies.hasHidden());
    }

    /** Whether nothing is on its way to the server or back. */
    boolean isQuiet() {
        return replies.isQuiet();
    }

    /** How many bytes of a message of the client it takes to understand it. */
    int wantedOfClient(byte type, int length, int most) {
        return passing || type == FrontendMessage.COPY_DATA ? MessageFramer.HEADER : Math.min(length + 1, most);
    }

    /** How many bytes of a message of the server it takes to understand it. */
    int wantedOfServer(byte type, int length, int most) {
        return passing ? MessageFramer.HEADER : replies.wanted(type, length, most);
    }

    /**
     * The server has sent a message.
     *
     * @return whether it is the client's
     */
    boolean received(byte type, ByteBuf message, boolean whole) {
        if (passing) {
            return true;
        }
        boolean waited = !isReady();
        boolean forClient = replies.received(type, message, whole);
        if (waited && isReady()) {
            ends.resume();
        }
        if (deferred != null && (passing || replies.isQuiet())) {
            // Behind this message.
            ends.thread().execute(this::goOn);
        }
        return forClient;
    }

    private void goOn() {
        Deferred next = deferred;
        if (next != null) {
            deferred = null;
            message(next.type, next.bytes, true);
            ends.resume();
        }
    }

    /** The client has sent a message, which is given away with it. */
    void message(byte type, ByteBuf bytes, boolean whole) {
        if (passing) {
            ends.toServer(bytes);
            return;
        }
        if (replies.isCopyingIn() && !isCopying(type)) {
            lost("a message amid copying in");
            ends.toServer(bytes);
            return;
        }
        try {
            if (whole && !replies.isQuiet() && !extended.isOpen() && isAboutUs(type, bytes)) {
                deferred = new Deferred(type, bytes);
                return;
            }
            switch (type) {
                case FrontendMessage.QUERY -> {
                    extended.interrupted();
                    simple.query(bytes, whole, extended.isUnfinished());
                }
                case FrontendMessage.PARSE,
                        FrontendMessage.BIND,
                        FrontendMessage.DESCRIBE,
                        FrontendMessage.EXECUTE,
                        FrontendMessage.CLOSE,
                        FrontendMessage.FLUSH,
                        FrontendMessage.SYNC -> extended.message(type, bytes, whole);
                case FrontendMessage.FUNCTION_CALL -> {
                    extended.interrupted();
                    changed();
                    session.passOnCloses();
                    replies.add(Expected.of(Expected.Kind.FUNCTION_CALL));
                    ends.toServer(bytes);
                }
                case FrontendMessage.COPY_DATA,
                        FrontendMessage.COPY_DONE,
                        FrontendMessage.COPY_FAIL,
                        FrontendMessage.TERMINATE -> {
                    extended.forwardHeld(Why.UNSUPPORTED);
                    ends.toServer(bytes);
                }
                default -> {
                    extended.forwardHeld(Why.UNSUPPORTED);
                    lost("an unknown message");
                    ends.toServer(bytes);
                }
            }
        } catch (ProtocolViolation malformed) {
            // The server will say what it thinks of it.
            lost("a malformed message");
            ends.toServer(bytes);
        }
    }

    private boolean isAboutUs(byte type, ByteBuf bytes) throws ProtocolViolation {
        StatementText text = null;
        if (type == FrontendMessage.QUERY) {
            text = reads.text(FrontendMessage.Query.of(bytes).sql());
        } else if (type == FrontendMessage.PARSE) {
            text = reads.text(FrontendMessage.Parse.of(bytes).sql());
        } else if (type == FrontendMessage.BIND) {
            Prepared statement =
                    session.prepared().find(FrontendMessage.Bind.of(bytes).statement());
            text = statement == null ? null : statement.text();
        }
        return text != null && PerigeeStatements.answers(text);
    }

    private static boolean isCopying(byte type) {
        return type == FrontendMessage.COPY_DATA
                || type == FrontendMessage.COPY_DONE
                || type == FrontendMessage.COPY_FAIL
                || type == FrontendMessage.TERMINATE;
    }

    // Replies.Listener

    @Override
    public void settled(Recording recording) {
        session.settled(recording);
    }

    @Override
    public void probed(Probe answered) {
        session.probed(answered);
        if (starting) {
            started();
        }
        ends.resume();
    }

    @Override
    public void changed() {
        SessionState state = session.state();
        state.touched(state.next());
    }

    @Override
    public void lost(String why) {
        if (passing) {
            return;
        }
        log.debug("a session is passed on unread from here: {}", why);
        passing = true;
        extended.giveUp();
        if (replies.hasHidden() || session.prepared().owesClose()) {
            ends.end("08P01", "the edge has lost track of the session");
        }
    }

    /** Gives back what is held. */
    void close() {
        extended.close();
        Deferred waiting = deferred;
        if (waiting != null) {
            waiting.bytes.release();
            deferred = null;
        }
    }
}

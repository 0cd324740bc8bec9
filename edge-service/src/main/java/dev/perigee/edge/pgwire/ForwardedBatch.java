package dev.perigee.edge.pgwire;

import dev.perigee.model.StreamPosition;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the extended protocol up to a Sync that go to the server, and what they mean for what is known of the session.
 *
 * <p>For one session's thread.
 */
final class ForwardedBatch {

    private final WireReads reads;
    private final Conversation.Ends ends;
    private final Replies replies;
    private final SessionTracker session;
    private final SessionState state;
    private final PreparedStatements prepared;
    private final boolean fromIdle;
    private final Why why;
    private final @Nullable StreamPosition visible;
    private final Map<String, Portal> portals = new HashMap<>(2);
    /** Nothing in it so far could have changed anything. */
    private boolean pure = true;

    private boolean read;
    /** There is more in it than reads: it may leave a transaction open, or wait for what is to be copied in. */
    private boolean others;

    /** All that is run in it so far ends a transaction. */
    private boolean ending;

    private boolean executed;

    private static final class Portal {
        private final @Nullable Prepared prepared;
        private final byte[] arguments;
        private final ByteArrayOutputStream description = new ByteArrayOutputStream(0);

        private boolean executed;

        Portal(@Nullable Prepared prepared, byte[] arguments) {
            this.prepared = prepared;
            this.arguments = arguments;
        }
    }

    /**
     * Begins.
     *
     * @param fromIdle whether nothing was on its way before it, outside any transaction block
     * @param why it is not answered from memory
     * @param visible what every snapshot sees that is taken from now on; null if that is not known
     */
    ForwardedBatch(
            WireReads reads,
            Conversation.Ends ends,
            Replies replies,
            SessionTracker session,
            boolean fromIdle,
            Why why,
            @Nullable StreamPosition visible) {
        this.reads = reads;
        this.ends = ends;
        this.replies = replies;
        this.session = session;
        this.state = session.state();
        this.prepared = session.prepared();
        this.fromIdle = fromIdle;
        this.why = why;
        this.visible = visible;
    }

    /** Whether a probe is of use after it. */
    boolean wantsProbe() {
        return fromIdle && read && !others && visible != null && state.wantsProbe();
    }

    /** Whether a transaction that may have changed something is over with it. */
    boolean endsTransaction() {
        return ending;
    }

    /** Sends a message on. */
    void forward(byte type, ByteBuf bytes, boolean whole) throws ProtocolViolation {
        switch (type) {
            case FrontendMessage.PARSE -> parse(bytes, whole);
            case FrontendMessage.BIND -> bind(bytes, whole);
            case FrontendMessage.DESCRIBE -> describe(FrontendMessage.Describe.of(bytes));
            case FrontendMessage.EXECUTE -> execute(FrontendMessage.Execute.of(bytes));
            case FrontendMessage.CLOSE -> close(FrontendMessage.Close.of(bytes));
            case FrontendMessage.SYNC -> replies.add(Expected.of(Expected.Kind.SYNC));
            default -> {
                // Flush has no answer of its own.
            }
        }
        ends.toServer(bytes);
    }

    private void parse(ByteBuf bytes, boolean whole) throws ProtocolViolation {
        if (!whole) {
            String name = FrontendMessage.nameAtHead(bytes);
            replies.add(Expected.of(Expected.Kind.PARSE, false, prepared.parsing(name, null)));
            if (name.isEmpty()) {
                prepared.unseen();
            }
            return;
        }
        FrontendMessage.Parse parse = FrontendMessage.Parse.of(bytes);
        Prepared statement = new Prepared(parse.statement(), parse.sql(), reads.text(parse.sql()));
        statement.provenAt(reads.visible());
        replies.add(Expected.of(Expected.Kind.PARSE, false, prepared.parsing(parse.name(), statement)));
    }

    private void bind(ByteBuf bytes, boolean whole) throws ProtocolViolation {
        FrontendMessage.Bind bind = whole ? FrontendMessage.Bind.of(bytes) : FrontendMessage.Bind.namesOf(bytes);
        provide(bind.statement());
        portals.put(bind.portal(), new Portal(whole ? prepared.find(bind.statement()) : null, bind.arguments()));
        replies.add(Expected.of(Expected.Kind.BIND));
    }

    private void describe(FrontendMessage.Describe describe) {
        if (describe.kind() == FrontendMessage.PORTAL) {
            Portal portal = portals.get(describe.name());
            replies.add(portal == null ? Expected.of(Expected.Kind.DESCRIBE) : Expected.describing(portal.description));
            return;
        }
        provide(describe.name());
        Prepared statement = prepared.find(describe.name());
        replies.add(
                statement == null
                        ? Expected.of(Expected.Kind.DESCRIBE)
                        : Expected.describing(statement.descriptionToCome(reads.visible())));
    }

    private void execute(FrontendMessage.Execute execute) {
        Portal portal = portals.get(execute.portal());
        Prepared statement = portal == null ? null : portal.prepared;
        StatementText text = statement == null ? null : statement.text();
        long number = state.next();
        Recording recording = null;
        if (portal != null && statement != null && text != null && fromIdle && pure && !portal.executed) {
            recording = reads.record(number, text, statement.statement(), portal.arguments, visible);
            if (recording != null) {
                recording.of(statement, portal.description);
            }
        }
        read |= recording != null;
        others |= text == null || text.kind() != StatementKind.READ;
        boolean ends = text != null && (fromIdle ? text.isWrite() : Why.TRANSACTION.equals(why) && text.isCommit());
        ending = ends && (ending || !executed);
        executed = true;
        pure &= session.judge(text, number, why);
        if (portal != null) {
            portal.executed = true;
        }
        replies.add(Expected.executing(recording, execute.maxRows()));
    }

    private void close(FrontendMessage.Close close) {
        String name = close.name();
        if (close.kind() == FrontendMessage.PORTAL) {
            portals.remove(name);
            replies.add(Expected.of(Expected.Kind.CLOSE));
            return;
        }
        replies.add(Expected.of(Expected.Kind.CLOSE, false, prepared.closing(name)));
    }

    /** Makes the server's unnamed statement what the client believes that it is. */
    private void provide(String name) {
        if (!name.isEmpty()) {
            return;
        }
        Prepared missing = prepared.missingAtServer();
        if (missing != null) {
            replies.add(Expected.of(Expected.Kind.PARSE, true, prepared.providing(missing)));
            ends.toServer(BackendMessage.parse(ends.allocator(), "", missing.statement()));
        } else if (prepared.leftOverAtServer()) {
            replies.add(Expected.of(Expected.Kind.CLOSE, true, prepared.providing(null)));
            ends.toServer(BackendMessage.close(ends.allocator(), ""));
        }
    }
}

package dev.perigee.edge.pgwire;

import dev.perigee.edge.cache.CachedResult;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The simple protocol: a text, to be run at once.
 *
 * <p>For one session's thread.
 */
final class SimpleProtocol {

    private final WireReads reads;
    private final PerigeeStatements about;
    private final Conversation.Ends ends;
    private final Replies replies;
    private final SessionTracker session;
    private final SessionState state;
    private final PreparedStatements prepared;

    SimpleProtocol(
            WireReads reads, PerigeeStatements about, Conversation.Ends ends, Replies replies, SessionTracker session) {
        this.reads = reads;
        this.about = about;
        this.ends = ends;
        this.replies = replies;
        this.session = session;
        this.state = session.state();
        this.prepared = session.prepared();
    }

    /**
     * The client has sent a Query.
     *
     * @param unfinished whether it comes in the middle of a batch of the extended protocol, and so of its transaction
     */
    void query(ByteBuf bytes, boolean whole, boolean unfinished) throws ProtocolViolation {
        if (!whole) {
            forward(bytes, null, null, Why.UNSUPPORTED);
            return;
        }
        byte[] sql = FrontendMessage.Query.of(bytes).sql();
        StatementText text = reads.text(sql);
        if (!unfinished && (replies.isIdle() || replies.isInBlock()) && PerigeeStatements.answers(text)) {
            ends.toClient(ends.allocator().buffer().writeBytes(about.answer(text.perigeeTopic(), session.last())));
            answered(bytes);
            return;
        }
        if (unfinished || !replies.isIdle()) {
            boolean quiet = replies.isQuiet();
            forward(bytes, text, null, quiet ? Why.TRANSACTION : Why.PIPELINED);
            if (quiet && !unfinished && text.isCommit()) {
                session.transactionEnds();
            }
            return;
        }
        Why why = text.refusal();
        if (text.kind() == StatementKind.READ) {
            why = reads.obstacle(state);
            SessionContext context = state.context();
            if (why == null && context != null) {
                WireReads.Found found = reads.find(state, text, WireKey.simple(context, sql));
                CachedResult result = found.result();
                if (result != null) {
                    session.hit(found);
                    ends.toClient(new StoredResult(result.body()).all());
                    answered(bytes);
                    return;
                }
                why = found.why();
                if (Why.REFUSED.equals(why)) {
                    session.refuse();
                    answered(bytes);
                    return;
                }
            }
        }
        forward(bytes, text, sql, why == null ? Why.ABSENT : why);
        if (text.isWrite()) {
            session.transactionEnds();
        }
    }

    /** A Query has been answered here: it ends the unnamed statement, and is over. */
    private void answered(ByteBuf bytes) {
        prepared.put("", null);
        ends.toClient(BackendMessage.readyForQuery(replies.status()));
        bytes.release();
    }

    /**
     * Sends a Query on.
     *
     * @param sql if its answer may be recorded
     */
    private void forward(ByteBuf bytes, @Nullable StatementText text, byte @Nullable [] sql, Why why) {
        long number = state.next();
        Recording recording =
                text == null || sql == null ? null : reads.record(number, text, sql, null, reads.visible());
        boolean probing = text != null && recording != null && text.isOne() && state.wantsProbe();
        session.judge(text, number, why);
        session.passOnCloses();
        replies.add(Expected.querying(prepared.dropping(), recording));
        ends.toServer(bytes);
        if (probing) {
            session.sendProbe();
        }
    }
}

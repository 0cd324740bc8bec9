package dev.perigee.edge.pgwire;

import dev.perigee.model.StreamPosition;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The extended protocol: messages up to a Sync are held back as long as all of them may be answered from memory, and else
 * are sent on.
 *
 * <p>For one session's thread.
 */
final class ExtendedProtocol implements LocalBatch.Source {

    private final WireReads reads;
    private final PerigeeStatements about;
    private final Conversation.Ends ends;
    private final Replies replies;
    private final SessionTracker session;
    private final Consumer<String> lost;
    private @Nullable LocalBatch batch;
    private @Nullable ForwardedBatch forwarded;

    /**
     * Of a session.
     *
     * @param lost is told why the edge cannot follow any more
     */
    ExtendedProtocol(
            WireReads reads,
            PerigeeStatements about,
            Conversation.Ends ends,
            Replies replies,
            SessionTracker session,
            Consumer<String> lost) {
        this.reads = reads;
        this.about = about;
        this.ends = ends;
        this.replies = replies;
        this.session = session;
        this.lost = lost;
    }

    /** The client has sent one of the messages up to a Sync. */
    void message(byte type, ByteBuf bytes, boolean whole) throws ProtocolViolation {
        if (forwarded == null && batch == null) {
            if ((replies.isIdle() || replies.isInBlock()) && whole && type != FrontendMessage.SYNC) {
                batch = new LocalBatch(this, session.prepared());
            } else {
                boolean inBlock = replies.isQuiet() && replies.status() != BackendMessage.IDLE;
                forwarded = forwarding(false, inBlock ? Why.TRANSACTION : Why.PIPELINED, null);
            }
        }
        LocalBatch local = batch;
        if (local == null) {
            forward(type, bytes, whole);
            return;
        }
        if (!whole) {
            forwardHeld(Why.UNSUPPORTED);
            forward(type, bytes, false);
            return;
        }
        try {
            local.add(type, bytes);
        } catch (ProtocolViolation malformed) {
            // With what is held, the message itself included.
            lost.accept("a malformed message");
            return;
        }
        Why obstacle = local.obstacle();
        if (obstacle != null) {
            forwardHeld(obstacle);
        } else if (type == FrontendMessage.SYNC) {
            answer(local);
        } else if (type == FrontendMessage.FLUSH) {
            flush(local);
        }
    }

    /** The client waits for what it has asked so far; more is to come before the batch ends. */
    private void flush(LocalBatch local) throws ProtocolViolation {
        ByteBuf answer = local.flush(ends.allocator());
        if (answer == null) {
            forwardHeld(Why.UNSUPPORTED);
        } else {
            ends.toClient(answer);
        }
    }

    private void answer(LocalBatch local) throws ProtocolViolation {
        ByteBuf answer = local.answer(ends.allocator(), replies.status());
        Why obstacle = local.obstacle();
        if (answer != null) {
            batch = null;
            local.hits().forEach(session::hit);
            ends.toClient(answer);
            local.release();
        } else if (Why.REFUSED.equals(obstacle)) {
            batch = null;
            session.refuse();
            ends.toClient(BackendMessage.readyForQuery());
            local.release();
        } else {
            forwardHeld(obstacle == null ? Why.ABSENT : obstacle);
        }
    }

    /** Whether a Sync is to come. */
    boolean isOpen() {
        return batch != null || forwarded != null;
    }

    /** Sends on what is held back, if anything is. */
    void forwardHeld(Why why) throws ProtocolViolation {
        LocalBatch local = batch;
        if (local == null) {
            return;
        }
        batch = null;
        forwarded =
                replies.isIdle() ? forwarding(true, why, reads.visible()) : forwarding(false, Why.TRANSACTION, null);
        List<LocalBatch.Held> held = new ArrayList<>(local.held());
        for (LocalBatch.Held one : held) {
            forward(one.type(), one.bytes(), true);
        }
    }

    /** Something else comes before the Sync: it may begin or end a transaction, or change anything. */
    void interrupted() throws ProtocolViolation {
        forwardHeld(Why.UNSUPPORTED);
        if (forwarded != null) {
            forwarded = forwarding(false, Why.PIPELINED, null);
        }
    }

    private ForwardedBatch forwarding(boolean fromIdle, Why why, @Nullable StreamPosition visible) {
        session.passOnCloses();
        return new ForwardedBatch(reads, ends, replies, session, fromIdle, why, visible);
    }

    /** Whether messages have been sent on, and no Sync yet: the server may be in the middle of a transaction. */
    boolean isUnfinished() {
        return forwarded != null;
    }

    /** Nothing is understood any more: what is held goes on as it is. */
    void giveUp() {
        LocalBatch local = batch;
        batch = null;
        forwarded = null;
        if (local != null) {
            local.held().forEach(one -> ends.toServer(one.bytes()));
        }
    }

    private void forward(byte type, ByteBuf bytes, boolean whole) throws ProtocolViolation {
        ForwardedBatch current = forwarded;
        if (current == null || (replies.isSkipping() && type != FrontendMessage.SYNC)) {
            ends.toServer(bytes);
            return;
        }
        current.forward(type, bytes, whole);
        if (type == FrontendMessage.SYNC) {
            forwarded = null;
            if (current.wantsProbe()) {
                session.sendProbe();
            } else if (current.endsTransaction()) {
                session.transactionEnds();
            }
        }
    }

    /** Gives back what is held. */
    void close() {
        LocalBatch local = batch;
        if (local != null) {
            local.release();
            batch = null;
        }
    }

    // LocalBatch.Source

    @Override
    public StatementText text(byte[] sql) {
        return reads.text(sql);
    }

    @Override
    public @Nullable Why obstacle() {
        return replies.isIdle() ? reads.obstacle(session.state()) : Why.TRANSACTION;
    }

    @Override
    public boolean isCurrent(@Nullable StreamPosition lookedAt) {
        return reads.isCurrent(lookedAt);
    }

    @Override
    public WireReads.Found find(Prepared statement, byte[] arguments, int maxRows) {
        SessionContext context = session.state().context();
        if (context == null) {
            return new WireReads.Found(null, Why.SESSION_STATE, 0);
        }
        return reads.find(
                session.state(),
                statement.text(),
                WireKey.extended(context, statement.statement(), arguments, maxRows));
    }

    @Override
    public byte[] answer(StatementText text) {
        return about.answer(text.perigeeTopic(), session.last());
    }
}

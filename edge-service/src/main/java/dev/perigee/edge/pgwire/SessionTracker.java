package dev.perigee.edge.pgwire;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.query.QueryMetrics;
import dev.perigee.model.StreamPosition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one session: what each statement that is sent may have changed, what a probe has said, which answers that were
 * recorded may be kept, and what became of the last statement.
 *
 * <p>For one session's thread.
 */
final class SessionTracker {

    private static final Logger log = LoggerFactory.getLogger(SessionTracker.class);

    private static final int MOST_WAITING = 16;

    private final WireReads reads;
    private final QueryMetrics metrics;
    private final Conversation.Ends ends;
    private final Replies replies;
    private final int backendPid;
    private final SessionState state = new SessionState();
    private final PreparedStatements prepared = new PreparedStatements();
    private final List<Recording> waiting = new ArrayList<>();
    private PerigeeStatements.Last last = PerigeeStatements.Last.NONE;
    private @Nullable Probe probe;
    private Probe.@Nullable Server server;
    /** The session has had temporary objects: from here on they are looked for. */
    private boolean objects;
    /** There has been a write, and no read since. */
    private boolean written;
    /** After the last write came a read: likely one comes after the next, too. */
    private boolean readFollows;

    /**
     * Of a session that is ready for its first query.
     *
     * @param backendPid of the server's process
     */
    SessionTracker(WireReads reads, QueryMetrics metrics, Conversation.Ends ends, Replies replies, int backendPid) {
        this.reads = reads;
        this.metrics = metrics;
        this.ends = ends;
        this.replies = replies;
        this.backendPid = backendPid;
    }

    SessionState state() {
        return state;
    }

    PreparedStatements prepared() {
        return prepared;
    }

    /** What became of the last statement. */
    PerigeeStatements.Last last() {
        return last;
    }

    /** Whether a probe is on its way. */
    boolean isProbing() {
        return probe != null;
    }

    /** A read has been answered from memory. */
    void hit(WireReads.Found found) {
        CachedResult result = found.result();
        if (result != null) {
            reading();
            metrics.hit();
            result.countHit();
            last = new PerigeeStatements.Last("hit", null, result.readAt(), found.staleness(), reads.now());
        }
    }

    /** A read is not answered at all, because the edge is too far behind. */
    void refuse() {
        count(Why.REFUSED);
        ends.toClient(ErrorResponse.error("55000", "the edge is further behind than perigee.edge.max-staleness")
                .encode(ends.allocator()));
    }

    /** Tells the server which statements the client has closed; to be called before anything is sent. */
    void passOnCloses() {
        for (String name : prepared.takeClosed()) {
            replies.add(Expected.hidden(Expected.Kind.CLOSE));
            ends.toServer(BackendMessage.close(ends.allocator(), name));
        }
    }

    /**
     * Sends a probe, if there is any use in one.
     *
     * @return whether one has been sent
     */
    boolean sendProbe() {
        StreamPosition visible = reads.visible();
        if (visible == null || probe != null || prepared.isUnseen()) {
            return false;
        }
        Probe next = new Probe(
                reads.nonce(),
                visible,
                state.sequence(),
                new Probe.Question(backendPid, server, objects, prepared.hasNamed(), state.customSettings()));
        probe = next;
        // The server drops its unnamed statement; the client believes it is still there.
        replies.add(Expected.of(next, prepared.providing(null)));
        ends.toServer(BackendMessage.query(ends.allocator(), next.sql()));
        return true;
    }

    private void reading() {
        readFollows |= written;
        written = false;
    }

    /**
     * With what has been sent last a transaction is over. If it may have changed something and a read is likely to come
     * next, the probe is sent now: then that read need not go to the server for the probe's sake.
     */
    void transactionEnds() {
        if (!state.wantsProbe()) {
            return;
        }
        readFollows &= !written;
        written = true;
        if (readFollows) {
            sendProbe();
        }
    }

    /**
     * Takes note of a statement that is sent to the server: what it may have changed.
     *
     * @return whether it is known to have changed nothing
     */
    boolean judge(@Nullable StatementText text, long number, Why why) {
        if (text == null) {
            state.touched(number);
            count(why.miss() ? Why.UNSUPPORTED : why);
            return false;
        }
        if (text.kind() == StatementKind.OTHER) {
            state.sets(text.customSettings());
            state.touched(number);
            count(replies.status() == BackendMessage.IDLE ? text.refusal() : Why.TRANSACTION);
            return false;
        }
        if (text.kind() != StatementKind.READ) {
            count(text.refusal());
            return true;
        }
        if (replies.status() == BackendMessage.IDLE) {
            reading();
        }
        SessionContext context = state.presumed();
        if (context == null || context.obstacle() != null || !text.isUnderstood(context.speaksUtf8())) {
            state.sets(text.customSettings());
            state.touched(number);
            count(why.miss() ? Why.SESSION_STATE : why);
            return false;
        }
        Judgement judgement = reads.judgement(text, context.catalog());
        if (judgement == null) {
            count(why.miss() ? Why.NOT_ANALYSED : why);
            state.sets(text.customSettings());
            state.ask(number);
            reads.ask(
                    text,
                    context.catalog(),
                    answer ->
                            ends.thread().execute(() -> state.judged(number, answer != null && answer.isCacheable())));
            return false;
        }
        String reason = judgement.reason();
        if (reason != null) {
            state.sets(text.customSettings());
            state.touched(number);
            count(why.equals(Why.TRANSACTION) ? why : Why.bypass(reason));
            return false;
        }
        count(why);
        return true;
    }

    void count(Why why) {
        last = new PerigeeStatements.Last(why.miss() ? "miss" : "bypass", why.detail(), null, 0, 0);
        if (why.miss()) {
            metrics.miss(why.detail());
        } else {
            metrics.bypass(why.detail());
        }
    }

    /** The answer to a read is complete. */
    void settled(Recording recording) {
        recording.settle();
        SessionContext context = state.contextAt(recording.number());
        if (context != null) {
            admit(recording, context);
        } else if (probe != null && probe.sentAt() == recording.number() && waiting.size() < MOST_WAITING) {
            waiting.add(recording);
        }
    }

    /** The answer to a probe is complete. */
    void probed(Probe answered) {
        probe = null;
        Probe.Answer answer = answered.answer();
        if (replies.status() != BackendMessage.IDLE) {
            // A batch has begun a block. What the session is in it may be rolled back, and an error says nothing.
            log.trace("a probe amid a transaction block");
        } else if (answered.isTooCoarse()) {
            objects = true;
        } else if (answer == null) {
            state.failed();
        } else {
            state.known(answered, answer);
            server = answer.server();
            if (answer.prepared() != null) {
                prepared.retain(answer.prepared());
            }
            waiting.forEach(recording -> admit(recording, answer.context()));
        }
        waiting.clear();
    }

    private void admit(Recording recording, SessionContext context) {
        if (context.obstacle() != null || !recording.text().isUnderstood(context.speaksUtf8())) {
            return;
        }
        if (reads.judgement(recording.text(), context.catalog()) != null) {
            reads.admit(recording, context);
        } else {
            reads.ask(recording.text(), context.catalog(), answer -> {
                if (answer != null) {
                    reads.admit(recording, context);
                }
            });
        }
    }
}

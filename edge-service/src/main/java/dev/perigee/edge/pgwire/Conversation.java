package dev.perigee.edge.pgwire;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.query.QueryMetrics;
import dev.perigee.model.StreamPosition;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
final class Conversation implements Replies.Listener, LocalBatch.Source {

    private static final Logger log = LoggerFactory.getLogger(Conversation.class);

    private static final int MOST_WAITING = 16;

    private final WireReads reads;
    private final PerigeeStatements about;
    private final QueryMetrics metrics;
    private final Ends ends;
    private final int backendPid;
    private final Replies replies = new Replies(this);
    private final SessionState state = new SessionState();
    private final PreparedStatements prepared = new PreparedStatements();
    private final List<Recording> waiting = new ArrayList<>();
    private PerigeeStatements.Last last = PerigeeStatements.Last.NONE;
    private @Nullable LocalBatch batch;
    private @Nullable ForwardedBatch forwarded;
    private @Nullable Probe probe;
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

    /** Messages up to a Sync that have gone to the server, or are going there. */
    private static final class ForwardedBatch {
        private final boolean fromIdle;
        private final Why why;
        private final @Nullable StreamPosition visible;
        private final Map<String, Portal> portals = new HashMap<>(2);
        /** Nothing in it so far could have changed anything. */
        private boolean pure = true;

        private boolean read;

        ForwardedBatch(boolean fromIdle, Why why, @Nullable StreamPosition visible) {
            this.fromIdle = fromIdle;
            this.why = why;
            this.visible = visible;
        }
    }

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
        this.about = about;
        this.metrics = metrics;
        this.ends = ends;
        this.backendPid = backendPid;
        this.passing = passing;
    }

    /** The server is ready for the first time; the client is told when it is known what the session is. */
    void start() {
        starting = true;
        if (passing || !sendProbe()) {
            started();
        }
    }

    private void started() {
        starting = false;
        ends.toClient(BackendMessage.readyForQuery());
    }

    /** Whether the next message of the client may come: not while a probe is on its way, whose answer it may depend on. */
    boolean isReady() {
        return probe == null;
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
        return passing || replies.received(type, message, whole);
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
            switch (type) {
                case FrontendMessage.QUERY -> query(bytes, whole);
                case FrontendMessage.PARSE,
                        FrontendMessage.BIND,
                        FrontendMessage.DESCRIBE,
                        FrontendMessage.EXECUTE,
                        FrontendMessage.CLOSE,
                        FrontendMessage.FLUSH,
                        FrontendMessage.SYNC -> extended(type, bytes, whole);
                case FrontendMessage.FUNCTION_CALL -> {
                    forwardBatch(Why.UNSUPPORTED);
                    state.touched(state.next());
                    replies.add(Expected.of(Expected.Kind.FUNCTION_CALL));
                    ends.toServer(bytes);
                }
                case FrontendMessage.COPY_DATA,
                        FrontendMessage.COPY_DONE,
                        FrontendMessage.COPY_FAIL,
                        FrontendMessage.TERMINATE -> {
                    forwardBatch(Why.UNSUPPORTED);
                    ends.toServer(bytes);
                }
                default -> {
                    forwardBatch(Why.UNSUPPORTED);
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

    private static boolean isCopying(byte type) {
        return type == FrontendMessage.COPY_DATA
                || type == FrontendMessage.COPY_DONE
                || type == FrontendMessage.COPY_FAIL
                || type == FrontendMessage.TERMINATE;
    }

    // The simple protocol.

    private void query(ByteBuf bytes, boolean whole) throws ProtocolViolation {
        forwardBatch(Why.UNSUPPORTED);
        if (!whole) {
            forward(bytes, null, null, Why.UNSUPPORTED);
            return;
        }
        byte[] sql = FrontendMessage.Query.of(bytes).sql();
        StatementText text = reads.text(sql);
        if (!replies.isIdle()) {
            forward(bytes, text, null, replies.isQuiet() ? Why.TRANSACTION : Why.PIPELINED);
            return;
        }
        if (text.kind() == StatementKind.PERIGEE && PerigeeStatements.knows(text.perigeeTopic())) {
            ends.toClient(ends.allocator().buffer().writeBytes(answer(text)));
            answered(bytes);
            return;
        }
        Why why = text.refusal();
        if (text.kind() == StatementKind.READ) {
            why = obstacle();
            SessionContext context = state.context();
            if (why == null && context != null) {
                WireReads.Found found = reads.find(state, text, WireKey.simple(context, sql));
                CachedResult result = found.result();
                if (result != null) {
                    hit(found);
                    ends.toClient(new StoredResult(result.body()).all());
                    answered(bytes);
                    return;
                }
                why = found.why();
                if (Why.REFUSED.equals(why)) {
                    refuse();
                    answered(bytes);
                    return;
                }
            }
        }
        forward(bytes, text, sql, why == null ? Why.ABSENT : why);
    }

    /** A Query has been answered here: it ends the unnamed statement, and is over. */
    private void answered(ByteBuf bytes) {
        prepared.put("", null);
        ends.toClient(BackendMessage.readyForQuery());
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
        boolean probing = recording != null && state.wantsProbe();
        judge(text, number, why);
        replies.add(Expected.querying(prepared.dropping(), recording));
        ends.toServer(bytes);
        if (probing) {
            sendProbe();
        }
    }

    // The extended protocol.

    private void extended(byte type, ByteBuf bytes, boolean whole) throws ProtocolViolation {
        if (forwarded == null && batch == null) {
            if (replies.isIdle() && whole && type != FrontendMessage.SYNC) {
                batch = new LocalBatch(this, prepared);
            } else {
                boolean quiet = replies.isQuiet();
                Why why = quiet && replies.status() != BackendMessage.IDLE ? Why.TRANSACTION : Why.PIPELINED;
                forwarded = new ForwardedBatch(false, why, null);
            }
        }
        LocalBatch local = batch;
        if (local == null) {
            forwardExtended(type, bytes, whole);
            return;
        }
        if (!whole) {
            forwardBatch(Why.UNSUPPORTED);
            forwardExtended(type, bytes, false);
            return;
        }
        try {
            local.add(type, bytes);
        } catch (ProtocolViolation malformed) {
            forwardHeld(local, Why.UNSUPPORTED);
            return;
        }
        Why obstacle = local.obstacle();
        if (obstacle != null) {
            forwardBatch(obstacle);
        } else if (type == FrontendMessage.SYNC) {
            answer(local);
        }
    }

    private void answer(LocalBatch local) throws ProtocolViolation {
        ByteBuf answer = local.answer(ends.allocator());
        Why obstacle = local.obstacle();
        if (answer != null) {
            batch = null;
            local.hits().forEach(this::hit);
            ends.toClient(answer);
            local.release();
        } else if (Why.REFUSED.equals(obstacle)) {
            batch = null;
            refuse();
            ends.toClient(BackendMessage.readyForQuery());
            local.release();
        } else {
            forwardBatch(obstacle == null ? Why.ABSENT : obstacle);
        }
    }

    private void forwardBatch(Why why) throws ProtocolViolation {
        LocalBatch local = batch;
        if (local == null) {
            return;
        }
        batch = null;
        forwarded = new ForwardedBatch(true, why, reads.visible());
        List<LocalBatch.Held> held = new ArrayList<>(local.held());
        for (LocalBatch.Held one : held) {
            forwardExtended(one.type(), one.bytes(), true);
        }
    }

    /** The last of the messages held is malformed: from here on nothing is understood. */
    private void forwardHeld(LocalBatch local, Why why) {
        batch = null;
        lost("a malformed message");
        log.debug("a batch is passed on unread: {}", why.detail());
        local.held().forEach(one -> ends.toServer(one.bytes()));
    }

    private void forwardExtended(byte type, ByteBuf bytes, boolean whole) throws ProtocolViolation {
        ForwardedBatch current = forwarded;
        if (passing || current == null || (replies.isSkipping() && type != FrontendMessage.SYNC)) {
            ends.toServer(bytes);
            return;
        }
        switch (type) {
            case FrontendMessage.PARSE -> parse(bytes, whole);
            case FrontendMessage.BIND -> bind(current, bytes, whole);
            case FrontendMessage.DESCRIBE -> describe(current, FrontendMessage.Describe.of(bytes));
            case FrontendMessage.EXECUTE -> execute(current, FrontendMessage.Execute.of(bytes));
            case FrontendMessage.CLOSE -> close(current, FrontendMessage.Close.of(bytes));
            case FrontendMessage.SYNC -> replies.add(Expected.of(Expected.Kind.SYNC));
            default -> {
                // Flush has no answer of its own.
            }
        }
        ends.toServer(bytes);
        if (type == FrontendMessage.SYNC) {
            forwarded = null;
            if (current.fromIdle && current.read && current.visible != null && state.wantsProbe()) {
                sendProbe();
            }
        }
    }

    private void parse(ByteBuf bytes, boolean whole) throws ProtocolViolation {
        String name;
        Prepared statement = null;
        if (whole) {
            FrontendMessage.Parse parse = FrontendMessage.Parse.of(bytes);
            name = parse.name();
            statement = new Prepared(parse.statement(), parse.sql(), reads.text(parse.sql()));
            statement.provenAt(reads.visible());
        } else {
            name = FrontendMessage.nameAtHead(bytes);
        }
        replies.add(Expected.of(Expected.Kind.PARSE, false, prepared.parsing(name, statement)));
    }

    private void bind(ForwardedBatch current, ByteBuf bytes, boolean whole) throws ProtocolViolation {
        FrontendMessage.Bind bind = whole ? FrontendMessage.Bind.of(bytes) : FrontendMessage.Bind.namesOf(bytes);
        provide(bind.statement());
        current.portals.put(
                bind.portal(), new Portal(whole ? prepared.find(bind.statement()) : null, bind.arguments()));
        replies.add(Expected.of(Expected.Kind.BIND));
    }

    private void describe(ForwardedBatch current, FrontendMessage.Describe describe) {
        if (describe.kind() == FrontendMessage.PORTAL) {
            Portal portal = current.portals.get(describe.name());
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

    private void execute(ForwardedBatch current, FrontendMessage.Execute execute) {
        Portal portal = current.portals.get(execute.portal());
        Prepared statement = portal == null ? null : portal.prepared;
        StatementText text = statement == null ? null : statement.text();
        long number = state.next();
        Recording recording = null;
        if (portal != null
                && statement != null
                && text != null
                && current.fromIdle
                && current.pure
                && !portal.executed
                && execute.maxRows() == 0) {
            recording = reads.record(number, text, statement.statement(), portal.arguments, current.visible);
            if (recording != null) {
                recording.of(statement, portal.description);
            }
        }
        current.read |= recording != null;
        current.pure &= judge(text, number, current.why);
        if (portal != null) {
            portal.executed = true;
        }
        replies.add(Expected.executing(recording));
    }

    private void close(ForwardedBatch current, FrontendMessage.Close close) {
        String name = close.name();
        if (close.kind() == FrontendMessage.PORTAL) {
            current.portals.remove(name);
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
            ends.toServer(BackendMessage.closeUnnamed(ends.allocator()));
        }
    }

    // What is known of statements and of the session.

    /**
     * Takes note of a statement that is sent to the server: what it may have changed.
     *
     * @return whether it is known to have changed nothing
     */
    private boolean judge(@Nullable StatementText text, long number, Why why) {
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
        SessionContext context = state.contextAt(number);
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

    private void count(Why why) {
        last = new PerigeeStatements.Last(why.miss() ? "miss" : "bypass", why.detail(), null, 0, 0);
        if (why.miss()) {
            metrics.miss(why.detail());
        } else {
            metrics.bypass(why.detail());
        }
    }

    private void hit(WireReads.Found found) {
        CachedResult result = found.result();
        if (result != null) {
            metrics.hit();
            result.countHit();
            last = new PerigeeStatements.Last("hit", null, result.readAt(), found.staleness(), reads.now());
        }
    }

    private void refuse() {
        count(Why.REFUSED);
        ends.toClient(ErrorResponse.error("55000", "the edge is further behind than perigee.edge.max-staleness")
                .encode(ends.allocator()));
    }

    private boolean sendProbe() {
        StreamPosition visible = reads.visible();
        if (visible == null || probe != null || passing) {
            return false;
        }
        Probe next = new Probe(visible, state.sequence(), backendPid, state.customSettings());
        probe = next;
        // The server drops its unnamed statement; the client believes it is still there.
        replies.add(Expected.of(next, prepared.providing(null)));
        ends.toServer(BackendMessage.query(ends.allocator(), next.sql()));
        return true;
    }

    // LocalBatch.Source

    @Override
    public StatementText text(byte[] sql) {
        return reads.text(sql);
    }

    @Override
    public @Nullable Why obstacle() {
        return reads.obstacle(state);
    }

    @Override
    public boolean isCurrent(@Nullable StreamPosition lookedAt) {
        return reads.isCurrent(lookedAt);
    }

    @Override
    public WireReads.Found find(Prepared statement, byte[] arguments) {
        SessionContext context = state.context();
        if (context == null) {
            return new WireReads.Found(null, Why.SESSION_STATE, 0);
        }
        return reads.find(state, statement.text(), WireKey.extended(context, statement.statement(), arguments));
    }

    @Override
    public byte[] answer(StatementText text) {
        return about.answer(text.perigeeTopic(), last);
    }

    // Replies.Listener

    @Override
    public void settled(Recording recording) {
        recording.settle();
        SessionContext context = state.contextAt(recording.number());
        if (context != null) {
            admit(recording, context);
        } else if (probe != null && probe.sentAt() == recording.number() && waiting.size() < MOST_WAITING) {
            waiting.add(recording);
        }
    }

    @Override
    public void probed(Probe answered) {
        probe = null;
        Probe.Answer answer = answered.answer();
        if (replies.status() != BackendMessage.IDLE) {
            // A batch has begun a block. What the session is in it may be rolled back, and an error says nothing.
            log.trace("a probe amid a transaction block");
        } else if (answer == null) {
            state.failed();
        } else {
            state.known(answered, answer);
            prepared.retain(answer.prepared());
            waiting.forEach(recording -> admit(recording, answer.context()));
        }
        waiting.clear();
        if (starting) {
            started();
        }
        ends.resume();
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

    @Override
    public void changed() {
        state.touched(state.next());
    }

    @Override
    public void lost(String why) {
        if (passing) {
            return;
        }
        log.debug("a session is passed on unread from here: {}", why);
        passing = true;
        if (replies.hasHidden()) {
            ends.end("08P01", "the edge has lost track of the session");
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
}

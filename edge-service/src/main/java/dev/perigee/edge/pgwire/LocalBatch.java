package dev.perigee.edge.pgwire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the extended protocol up to a Sync, held back as long as all of them may be answered from memory. They are one
 * implicit transaction, so it is all of them or none.
 *
 * <p>For one session's thread.
 */
final class LocalBatch {

    private static final int MOST_BYTES = 64 * 1024;

    private final Source source;
    private final PreparedStatements prepared;
    private final List<Held> held = new ArrayList<>(6);
    private final Map<String, Portal> portals = new HashMap<>(2);
    /** Statements that it prepares; null for those that it closes. */
    private final Map<String, @Nullable Prepared> changed = new HashMap<>(2);

    private final List<Step> steps = new ArrayList<>(6);
    private int bytes;
    private @Nullable Why obstacle;
    private final List<WireReads.Found> hits = new ArrayList<>(2);

    /** A message that waits. */
    record Held(byte type, ByteBuf bytes) {}

    /** What is to be said to a message: decided when the message comes, since names may mean something else afterwards. */
    private interface Step {

        /** Whether it could be said. */
        boolean answer(ByteBuf out);
    }

    /** Where answers come from. */
    interface Source {

        StatementText text(byte[] sql);

        /** Why no read may be served now; null if one may. */
        @Nullable
        Why obstacle();

        /** The answer to a read, or why there is none. */
        WireReads.Found find(Prepared prepared, byte[] arguments);

        /** The answer to a question about the edge. */
        byte[] answer(StatementText text);
    }

    private static final class Portal {
        private final Prepared prepared;
        private final byte[] arguments;
        private @Nullable StoredResult result;

        Portal(Prepared prepared, byte[] arguments) {
            this.prepared = prepared;
            this.arguments = arguments;
        }
    }

    LocalBatch(Source source, PreparedStatements prepared) {
        this.source = source;
        this.prepared = prepared;
    }

    /** Why it cannot be answered from memory; null if it can, as far as is known. */
    @Nullable
    Why obstacle() {
        return obstacle;
    }

    /** The answers from memory. */
    List<WireReads.Found> hits() {
        return hits;
    }

    /** Holds a message back, and looks whether it may be answered from memory: {@link #obstacle} is null then. */
    void add(byte type, ByteBuf message) throws ProtocolViolation {
        bytes += message.readableBytes();
        // First, so that it is not lost if there is something wrong with it.
        held.add(new Held(type, message));
        Step step =
                switch (type) {
                    case FrontendMessage.PARSE -> parse(FrontendMessage.Parse.of(message));
                    case FrontendMessage.BIND -> bind(FrontendMessage.Bind.of(message));
                    case FrontendMessage.DESCRIBE -> describe(FrontendMessage.Describe.of(message));
                    case FrontendMessage.EXECUTE -> execute(FrontendMessage.Execute.of(message));
                    case FrontendMessage.CLOSE -> close(FrontendMessage.Close.of(message));
                    case FrontendMessage.SYNC -> says(BackendMessage.readyForQuery());
                    default -> null;
                };
        if (step != null && bytes <= MOST_BYTES) {
            steps.add(step);
        } else if (obstacle == null) {
            obstacle = Why.UNSUPPORTED;
        }
    }

    private static Step says(ByteBuf answer) {
        return out -> {
            out.writeBytes(answer);
            return true;
        };
    }

    private @Nullable Step parse(FrontendMessage.Parse parse) {
        StatementText text = source.text(parse.sql());
        // Named ones are prepared at the server, so that nobody has to remember which of them it lacks.
        if (!mayBeServed(text) || !(parse.name().isEmpty() || isAboutUs(text))) {
            return null;
        }
        changed.put(parse.name(), new Prepared(parse.statement(), parse.sql(), text));
        return says(BackendMessage.parseComplete());
    }

    private @Nullable Step bind(FrontendMessage.Bind bind) {
        Prepared statement = statement(bind.statement());
        boolean exists = !bind.portal().isEmpty() && portals.containsKey(bind.portal());
        if (exists || statement == null || !mayBeServed(statement.text())) {
            return null;
        }
        portals.put(bind.portal(), new Portal(statement, bind.arguments()));
        return says(BackendMessage.bindComplete());
    }

    private @Nullable Step describe(FrontendMessage.Describe describe) {
        if (describe.kind() == FrontendMessage.PORTAL) {
            Portal portal = portals.get(describe.name());
            return portal == null ? null : out -> describe(portal, out);
        }
        Prepared statement = statement(describe.name());
        if (statement == null) {
            return null;
        }
        if (isAboutUs(statement.text())) {
            return out -> {
                BackendMessage.writeNoParameters(out);
                out.writeBytes(new StoredResult(source.answer(statement.text())).description());
                return true;
            };
        }
        byte[] known = statement.description();
        return known == null ? null : says(Unpooled.wrappedBuffer(known));
    }

    private @Nullable Step execute(FrontendMessage.Execute execute) {
        Portal portal = portals.get(execute.portal());
        return portal == null ? null : out -> execute(portal, execute.maxRows(), out);
    }

    private @Nullable Step close(FrontendMessage.Close close) {
        if (close.kind() == FrontendMessage.PORTAL) {
            portals.remove(close.name());
        } else {
            Prepared statement = statement(close.name());
            if (!close.name().isEmpty() && (statement == null || !isAboutUs(statement.text()))) {
                return null;
            }
            changed.put(close.name(), null);
        }
        return says(BackendMessage.closeComplete());
    }

    private @Nullable Prepared statement(String name) {
        return changed.containsKey(name) ? changed.get(name) : prepared.find(name);
    }

    private boolean mayBeServed(StatementText text) {
        if (isAboutUs(text)) {
            return true;
        }
        if (text.kind() != StatementKind.READ) {
            obstacle = text.refusal();
            return false;
        }
        obstacle = source.obstacle();
        return obstacle == null;
    }

    private static boolean isAboutUs(StatementText text) {
        return text.kind() == StatementKind.PERIGEE && PerigeeStatements.knows(text.perigeeTopic());
    }

    /**
     * Answers everything, ReadyForQuery included.
     *
     * @return null if that cannot be done; then {@link #obstacle} says why
     */
    @Nullable
    ByteBuf answer(ByteBufAllocator allocator) {
        ByteBuf out = allocator.buffer();
        for (Step step : steps) {
            if (!step.answer(out)) {
                out.release();
                return null;
            }
        }
        changed.forEach(prepared::put);
        return out;
    }

    private boolean describe(Portal portal, ByteBuf out) {
        StoredResult result = result(portal);
        if (result == null || !result.isDescribed()) {
            obstacle = obstacle == null ? Why.ABSENT : obstacle;
            return false;
        }
        out.writeBytes(result.description());
        return true;
    }

    private boolean execute(Portal portal, int maxRows, ByteBuf out) {
        StoredResult result = result(portal);
        if (result == null) {
            return false;
        }
        result.execute(maxRows, out);
        return true;
    }

    private @Nullable StoredResult result(Portal portal) {
        if (portal.result == null) {
            if (isAboutUs(portal.prepared.text())) {
                portal.result = new StoredResult(source.answer(portal.prepared.text()));
                return portal.result;
            }
            WireReads.Found found = source.find(portal.prepared, portal.arguments);
            if (found.result() == null) {
                obstacle = found.why();
                return null;
            }
            hits.add(found);
            portal.result = new StoredResult(found.result().body());
        }
        return portal.result;
    }

    /** What is held; each message is the caller's to send or to release. */
    List<Held> held() {
        return held;
    }

    /** Gives everything back. */
    void release() {
        held.forEach(one -> one.bytes.release());
        held.clear();
    }
}

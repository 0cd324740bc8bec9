package dev.perigee.edge.pgwire;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.model.StreamPosition;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the extended protocol up to a Sync, held back as long as all of them may be answered from memory. They are one
 * implicit transaction, so it is all of them or none.
 *
 * <p>For one session's thread.
 */
final class LocalBatch {

    private static final int MOST_BYTES = 64 * 1024;
    private static final byte[] NOT_DESCRIBED = new byte[0];

    private final Source source;
    private final PreparedStatements prepared;
    private final List<Held> held = new ArrayList<>(6);
    /** What the batch makes of statements, as far as it has come; null if it has closed one. */
    private final Map<String, @Nullable Prepared> parsed = new HashMap<>(2);

    private int bytes;
    /** No statement of the database's in it so far, so that what came until a Flush may be answered at once. */
    private boolean aboutUsAlone = true;

    private @Nullable Why obstacle;
    private final List<WireReads.Found> hits = new ArrayList<>(2);
    private final Map<String, StoredResult> portals = new HashMap<>(2);
    /** Portals that are bound in it, as far as it has come. */
    private final Set<String> bound = new HashSet<>(2);

    /** A statement that has been prepared here, of which nothing shows yet that the server would accept it. */
    private @Nullable Prepared unproven;

    /**
     * A message that waits.
     *
     * @param message null for Sync and Flush
     */
    record Held(byte type, ByteBuf bytes, @Nullable FrontendMessage message) {}

    /** Where answers come from. */
    interface Source {

        StatementText text(byte[] sql);

        /** Why no read may be served now; null if one may. */
        @Nullable
        Why obstacle();

        /** Whether the catalog has not changed, as far as is known, since it was looked at with everything up to a position. */
        boolean isCurrent(@Nullable StreamPosition lookedAt);

        /**
         * The answer to a read, or why there is none.
         *
         * @param maxRows for the first rows alone; 0 for the whole result
         */
        WireReads.Found find(Prepared prepared, byte[] arguments, int maxRows);

        /** The answer to a question about the edge. */
        byte[] answer(StatementText text);
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
        held.add(new Held(type, message, null));
        FrontendMessage decoded =
                switch (type) {
                    case FrontendMessage.PARSE -> FrontendMessage.Parse.of(message);
                    case FrontendMessage.BIND -> FrontendMessage.Bind.of(message);
                    case FrontendMessage.DESCRIBE -> FrontendMessage.Describe.of(message);
                    case FrontendMessage.EXECUTE -> FrontendMessage.Execute.of(message);
                    case FrontendMessage.CLOSE -> FrontendMessage.Close.of(message);
                    default -> null;
                };
        held.set(held.size() - 1, new Held(type, message, decoded));
        boolean known =
                decoded != null || type == FrontendMessage.SYNC || (type == FrontendMessage.FLUSH && aboutUsAlone);
        if (bytes > MOST_BYTES || !known || !mayBeAnswered(decoded)) {
            obstacle = obstacle == null ? Why.UNSUPPORTED : obstacle;
        }
    }

    /** A first look, so that what cannot be answered does not wait for its Sync. */
    private boolean mayBeAnswered(@Nullable FrontendMessage message) {
        if (message instanceof FrontendMessage.Parse parse) {
            StatementText text = source.text(parse.sql());
            parsed.put(parse.name(), new Prepared(parse.statement(), parse.sql(), text));
            // Named ones are prepared at the server, so that nobody has to remember which of them it lacks.
            return mayBeServed(text) && (parse.name().isEmpty() || PerigeeStatements.answers(text));
        }
        if (message instanceof FrontendMessage.Bind bind) {
            Prepared statement = statement(bind.statement());
            boolean taken = !bound.add(bind.portal()) && !bind.portal().isEmpty();
            return !taken && statement != null && mayBeServed(statement.text());
        }
        if (message instanceof FrontendMessage.Describe describe) {
            if (describe.kind() == FrontendMessage.PORTAL) {
                return bound.contains(describe.name());
            }
            Prepared statement = statement(describe.name());
            // In doubt, the server may have it no more.
            return statement != null
                    && mayBeServed(statement.text())
                    && (PerigeeStatements.answers(statement.text()) || statement.description() != null);
        }
        if (message instanceof FrontendMessage.Execute execute) {
            return bound.contains(execute.portal());
        }
        if (message instanceof FrontendMessage.Close close) {
            if (close.kind() == FrontendMessage.PORTAL) {
                // Any other is the server's: a transaction's, or a cursor that outlives one.
                return bound.remove(close.name());
            }
            parsed.put(close.name(), null);
            return prepared.mayCloseLater(close.name());
        }
        return true;
    }

    private @Nullable Prepared statement(String name) {
        return parsed.containsKey(name) ? parsed.get(name) : prepared.find(name);
    }

    private boolean mayBeServed(StatementText text) {
        if (PerigeeStatements.answers(text)) {
            return true;
        }
        aboutUsAlone = false;
        if (text.kind() != StatementKind.READ) {
            obstacle = text.refusal();
            return false;
        }
        obstacle = source.obstacle();
        return obstacle == null;
    }

    /**
     * Answers everything, ReadyForQuery included.
     *
     * @param status of the transaction block
     * @return null if that cannot be done; then {@link #obstacle} says why
     */
    @Nullable
    ByteBuf answer(ByteBufAllocator allocator, byte status) {
        ByteBuf out = answerHeld(allocator);
        return out == null ? null : out.writeBytes(BackendMessage.readyForQuery(status));
    }

    /** Answers what came until a Flush, and gives it back; null if that cannot be done. */
    @Nullable
    ByteBuf flush(ByteBufAllocator allocator) {
        ByteBuf out = answerHeld(allocator);
        if (out != null) {
            release();
        }
        return out;
    }

    private @Nullable ByteBuf answerHeld(ByteBufAllocator allocator) {
        ByteBuf out = allocator.buffer();
        parsed.clear();
        for (int i = 0; i < held.size(); i++) {
            if (!answer(held.get(i).message, i, out)) {
                out.release();
                return null;
            }
        }
        if (unproven != null) {
            // Only what has been run shows that there is nothing wrong with a text.
            obstacle = Why.ABSENT;
            out.release();
            return null;
        }
        for (Held one : held) {
            if (one.message instanceof FrontendMessage.Close close && close.kind() == FrontendMessage.STATEMENT) {
                prepared.closedLocally(close.name());
            }
        }
        parsed.forEach(prepared::put);
        return out;
    }

    private boolean answer(@Nullable FrontendMessage message, int at, ByteBuf out) {
        if (message instanceof FrontendMessage.Parse parse) {
            if (unproven != null) {
                return false;
            }
            StatementText text = source.text(parse.sql());
            Prepared statement = new Prepared(parse.statement(), parse.sql(), text);
            parsed.put(parse.name(), statement);
            unproven = PerigeeStatements.answers(text) ? null : statement;
            out.writeBytes(BackendMessage.parseComplete());
        } else if (message instanceof FrontendMessage.Bind bind) {
            out.writeBytes(BackendMessage.bindComplete());
            return bind(bind, rowsAskedFor(bind.portal(), at));
        } else if (message instanceof FrontendMessage.Close close) {
            if (close.kind() == FrontendMessage.PORTAL) {
                portals.remove(close.name());
            } else {
                parsed.put(close.name(), null);
            }
            out.writeBytes(BackendMessage.closeComplete());
        } else if (message instanceof FrontendMessage.Describe describe) {
            return describe(describe, out);
        } else if (message instanceof FrontendMessage.Execute execute) {
            StoredResult result = portals.get(execute.portal());
            if (result == null) {
                return false;
            }
            result.execute(execute.maxRows(), out);
        }
        return true;
    }

    /** How many rows the portal bound at this place is to give: all, if 0, or if it is run more than once. */
    private int rowsAskedFor(String name, int at) {
        int rows = 0;
        boolean executed = false;
        for (int i = at + 1; i < held.size(); i++) {
            FrontendMessage message = held.get(i).message;
            if (message instanceof FrontendMessage.Bind bind && bind.portal().equals(name)) {
                break;
            }
            if (message instanceof FrontendMessage.Execute execute
                    && execute.portal().equals(name)) {
                rows = executed ? 0 : execute.maxRows();
                executed = true;
            }
        }
        return rows;
    }

    private boolean bind(FrontendMessage.Bind bind, int maxRows) {
        Prepared statement = statement(bind.statement());
        if (statement == null) {
            return false;
        }
        if (PerigeeStatements.answers(statement.text())) {
            portals.put(bind.portal(), new StoredResult(source.answer(statement.text())));
            return true;
        }
        WireReads.Found found = source.find(statement, bind.arguments(), 0);
        CachedResult result = found.result();
        boolean whole = result != null;
        if (result == null && maxRows > 0) {
            found = source.find(statement, bind.arguments(), maxRows);
            result = found.result();
        }
        if (result == null) {
            obstacle = found.why();
            return false;
        }
        if (unproven == statement) {
            unproven = null;
            statement.provenAt(result.readAt());
        } else if (!source.isCurrent(statement.provenAt())) {
            // Its columns may be others by now; then the server refuses it.
            obstacle = Why.INVALIDATED;
            return false;
        }
        hits.add(found);
        portals.put(bind.portal(), new StoredResult(result.body(), whole));
        return true;
    }

    private boolean describe(FrontendMessage.Describe describe, ByteBuf out) {
        if (describe.kind() == FrontendMessage.STATEMENT) {
            Prepared statement = statement(describe.name());
            if (statement != null && PerigeeStatements.answers(statement.text())) {
                BackendMessage.writeNoParameters(out);
                out.writeBytes(new StoredResult(source.answer(statement.text())).description());
                return true;
            }
            byte[] known =
                    statement == null || !source.isCurrent(statement.describedAt()) ? null : statement.description();
            out.writeBytes(known == null ? NOT_DESCRIBED : known);
            return known != null;
        }
        StoredResult result = portals.get(describe.name());
        if (result == null || !result.isDescribed()) {
            obstacle = Why.ABSENT;
            return false;
        }
        out.writeBytes(result.description());
        return true;
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

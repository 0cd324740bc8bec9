package dev.perigee.edge.pgwire;

import dev.perigee.edge.cache.CachedResult;
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
    private final Map<String, Portal> portals = new HashMap<>(2);
    /** What the batch makes of statements; null where it has closed one. */
    private final Map<String, @Nullable Prepared> parsed = new HashMap<>(2);

    /** Prepared here, and not bound yet: nothing shows that the server would accept them. */
    private final Set<Prepared> unproven = new HashSet<>(2);

    private int bytes;
    /** No statement of the database's in it so far, so that what came until a Flush may be answered at once. */
    private boolean aboutUsAlone = true;

    private @Nullable Why obstacle;
    private final List<WireReads.Found> hits = new ArrayList<>(2);

    /**
     * A message that waits.
     *
     * @param message null for Sync and Flush
     * @param statement that it describes; null if it does not
     * @param portal that it is about, by then; null if it is about none
     */
    record Held(
            byte type,
            ByteBuf bytes,
            @Nullable FrontendMessage message,
            @Nullable Prepared statement,
            @Nullable Portal portal) {}

    /** Where answers come from. */
    interface Source {

        StatementText text(byte[] sql);

        /** Why no read may be served now; null if one may. */
        @Nullable
        Why obstacle();

        /** A statement that is prepared now. */
        Prepared prepare(FrontendMessage.Parse parse);

        /** Whether the catalog is known to be as it was when the server last looked at a prepared statement. */
        boolean isCurrent(Prepared prepared);

        /**
         * The answer to a read, or why there is none.
         *
         * @param maxRows for the first rows alone; 0 for the whole result
         */
        WireReads.Found find(Prepared prepared, byte[] arguments, int maxRows);

        /** The answer to a question about the edge. */
        byte[] answer(StatementText text);
    }

    /** What a Bind has made. */
    static final class Portal {
        private final Prepared prepared;
        private final byte[] arguments;
        private int maxRows;
        private boolean executed;
        private @Nullable StoredResult result;

        Portal(Prepared prepared, byte[] arguments) {
            this.prepared = prepared;
            this.arguments = arguments;
        }

        /** It is to be run: once for so many rows, or again, for which it takes the whole result. */
        void execute(int rows) {
            maxRows = executed ? 0 : rows;
            executed = true;
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
        held.add(new Held(type, message, null, null, null));
        FrontendMessage decoded =
                switch (type) {
                    case FrontendMessage.PARSE -> FrontendMessage.Parse.of(message);
                    case FrontendMessage.BIND -> FrontendMessage.Bind.of(message);
                    case FrontendMessage.DESCRIBE -> FrontendMessage.Describe.of(message);
                    case FrontendMessage.EXECUTE -> FrontendMessage.Execute.of(message);
                    case FrontendMessage.CLOSE -> FrontendMessage.Close.of(message);
                    default -> null;
                };
        aboutUsAlone &= decoded == null || isAboutUs(decoded);
        boolean known = decoded != null || type == FrontendMessage.SYNC || (type == FrontendMessage.FLUSH && aboutUsAlone);
        if (bytes > MOST_BYTES || !known || !mayBeAnswered(decoded)) {
            obstacle = obstacle == null ? Why.UNSUPPORTED : obstacle;
        }
        held.set(held.size() - 1, new Held(type, message, decoded, statementOf(decoded), portalOf(decoded)));
    }

    private @Nullable Prepared statementOf(@Nullable FrontendMessage message) {
        return message instanceof FrontendMessage.Describe describe && describe.kind() == FrontendMessage.STATEMENT
                ? statement(describe.name())
                : null;
    }

    private @Nullable Portal portalOf(@Nullable FrontendMessage message) {
        if (message instanceof FrontendMessage.Bind bind) {
            return portals.get(bind.portal());
        }
        if (message instanceof FrontendMessage.Execute execute) {
            return portals.get(execute.portal());
        }
        return message instanceof FrontendMessage.Describe describe && describe.kind() == FrontendMessage.PORTAL
                ? portals.get(describe.name())
                : null;
    }

    /** Asked once per message, before it is looked at any further: statements prepared in it are not known yet. */
    private boolean isAboutUs(FrontendMessage message) {
        if (message instanceof FrontendMessage.Parse parse) {
            return isAboutUs(source.text(parse.sql()));
        }
        String statement = null;
        String portal = null;
        if (message instanceof FrontendMessage.Bind bind) {
            statement = bind.statement();
        } else if (message instanceof FrontendMessage.Execute execute) {
            portal = execute.portal();
        } else if (message instanceof FrontendMessage.Describe describe) {
            statement = describe.kind() == FrontendMessage.STATEMENT ? describe.name() : null;
            portal = describe.kind() == FrontendMessage.PORTAL ? describe.name() : null;
        }
        Portal bound = portal == null ? null : portals.get(portal);
        Prepared prepared = statement == null ? null : statement(statement);
        Prepared asked = bound == null ? prepared : bound.prepared;
        return asked != null && isAboutUs(asked.text());
    }

    private boolean mayBeAnswered(@Nullable FrontendMessage message) {
        if (message instanceof FrontendMessage.Parse parse) {
            StatementText text = source.text(parse.sql());
            Prepared statement = source.prepare(parse);
            parsed.put(parse.name(), statement);
            if (!isAboutUs(text)) {
                unproven.add(statement);
            }
            // Named ones are prepared at the server, so that nobody has to remember which of them it lacks.
            return mayBeServed(text) && (parse.name().isEmpty() || isAboutUs(text));
        }
        if (message instanceof FrontendMessage.Bind bind) {
            Prepared statement = statement(bind.statement());
            if (statement == null || !mayBeServed(statement.text()) || !isCurrent(bind.statement(), statement)) {
                return false;
            }
            unproven.remove(statement);
            portals.put(bind.portal(), new Portal(statement, bind.arguments()));
            // A name may be taken, by a cursor even.
            return bind.portal().isEmpty() || isAboutUs(statement.text());
        }
        if (message instanceof FrontendMessage.Describe describe) {
            if (describe.kind() == FrontendMessage.PORTAL) {
                return portals.containsKey(describe.name());
            }
            Prepared statement = statement(describe.name());
            return statement != null
                    && (isAboutUs(statement.text())
                            || (statement.description() != null && isCurrent(describe.name(), statement)));
        }
        if (message instanceof FrontendMessage.Execute execute) {
            Portal portal = portals.get(execute.portal());
            if (portal != null) {
                portal.execute(execute.maxRows());
            }
            return portal != null;
        }
        if (message instanceof FrontendMessage.Close close) {
            if (close.kind() == FrontendMessage.PORTAL) {
                portals.remove(close.name());
                return true;
            }
            Prepared statement = statement(close.name());
            parsed.put(close.name(), null);
            return close.name().isEmpty() || (statement != null && isAboutUs(statement.text()));
        }
        return true;
    }

    private @Nullable Prepared statement(String name) {
        return parsed.containsKey(name) ? parsed.get(name) : prepared.find(name);
    }

    private boolean isCurrent(String name, Prepared statement) {
        if (parsed.containsKey(name) || isAboutUs(statement.text()) || source.isCurrent(statement)) {
            return true;
        }
        obstacle = Why.REPLAN;
        return false;
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
        ByteBuf out = answerHeld(allocator);
        return out == null ? null : out.writeBytes(BackendMessage.readyForQuery());
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
        boolean proven = unproven.isEmpty();
        for (Held one : held) {
            if (!proven || !answer(one, out)) {
                out.release();
                return null;
            }
        }
        parsed.forEach(prepared::put);
        return out;
    }

    private boolean answer(Held one, ByteBuf out) {
        FrontendMessage message = one.message;
        if (message instanceof FrontendMessage.Parse) {
            out.writeBytes(BackendMessage.parseComplete());
        } else if (message instanceof FrontendMessage.Bind) {
            out.writeBytes(BackendMessage.bindComplete());
            // Also if it is not run: nothing else shows that the server would accept it.
            return result(one.portal) != null;
        } else if (message instanceof FrontendMessage.Close) {
            out.writeBytes(BackendMessage.closeComplete());
        } else if (message instanceof FrontendMessage.Describe describe) {
            return describe.kind() == FrontendMessage.STATEMENT
                    ? describe(one.statement, out)
                    : describe(result(one.portal), out);
        } else if (message instanceof FrontendMessage.Execute execute) {
            StoredResult result = result(one.portal);
            if (result == null) {
                return false;
            }
            result.execute(execute.maxRows(), out);
        }
        return true;
    }

    private boolean describe(@Nullable Prepared statement, ByteBuf out) {
        if (statement != null && isAboutUs(statement.text())) {
            BackendMessage.writeNoParameters(out);
            out.writeBytes(new StoredResult(source.answer(statement.text())).description());
            return true;
        }
        byte[] known = statement == null ? null : statement.description();
        out.writeBytes(known == null ? NOT_DESCRIBED : known);
        return known != null;
    }

    private boolean describe(@Nullable StoredResult result, ByteBuf out) {
        if (result == null || !result.isDescribed()) {
            obstacle = obstacle == null ? Why.ABSENT : obstacle;
            return false;
        }
        out.writeBytes(result.description());
        return true;
    }

    private @Nullable StoredResult result(@Nullable Portal portal) {
        if (portal == null) {
            obstacle = Why.UNSUPPORTED;
            return null;
        }
        if (portal.result == null) {
            if (isAboutUs(portal.prepared.text())) {
                portal.result = new StoredResult(source.answer(portal.prepared.text()));
                return portal.result;
            }
            WireReads.Found found = source.find(portal.prepared, portal.arguments, 0);
            CachedResult result = found.result();
            boolean whole = result != null;
            if (result == null && portal.maxRows > 0) {
                found = source.find(portal.prepared, portal.arguments, portal.maxRows);
                result = found.result();
            }
            if (result == null) {
                obstacle = found.why();
                return null;
            }
            hits.add(found);
            portal.result = new StoredResult(result.body(), whole);
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

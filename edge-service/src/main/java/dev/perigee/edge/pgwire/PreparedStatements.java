package dev.perigee.edge.pgwire;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The prepared statements of a session: what the client believes, and for the unnamed one also what the server has. The two
 * differ after an answer from memory, of whose Parse the server has not heard. Named statements are always prepared at the
 * server, so for them there is one truth.
 *
 * <p>Bounded: what is not remembered is merely not answered from memory. For one session's thread.
 */
final class PreparedStatements {

    private static final int MOST = 1000;
    private static final int MOST_BYTES = 1024 * 1024;

    private final Map<String, Prepared> named = new HashMap<>();
    private int bytes;
    private final UnnamedStatement unnamed = new UnnamedStatement();
    private final UnnamedStatement unnamedAtServer = new UnnamedStatement();
    private boolean unseen;

    /** What the client has prepared under a name; null if it is not known. */
    @Nullable
    Prepared find(String name) {
        return name.isEmpty() ? unnamed.get() : named.get(name);
    }

    /** The client has prepared a statement, as it believes. */
    void put(String name, @Nullable Prepared prepared) {
        if (name.isEmpty()) {
            unnamed.set(prepared);
            unseen = false;
            return;
        }
        Prepared before = named.remove(name);
        if (before != null) {
            bytes -= before.statement().length;
        }
        if (prepared != null && named.size() < MOST && bytes + prepared.statement().length <= MOST_BYTES) {
            named.put(name, prepared);
            bytes += prepared.statement().length;
        }
    }

    /**
     * That a name other than the empty one has become this has not happened: it is what it was before. If it has become something else meanwhile, by
     * what was sent after it, nobody can tell.
     */
    @SuppressWarnings("ReferenceEquality") // the same text may have been prepared twice
    void restore(String name, @Nullable Prepared statement, @Nullable Prepared before) {
        put(name, find(name) == statement ? before : null);
    }

    /** The unnamed statement as the client believes. */
    UnnamedStatement unnamed() {
        return unnamed;
    }

    /** The unnamed statement that the server has. */
    UnnamedStatement unnamedAtServer() {
        return unnamedAtServer;
    }

    /** The client has prepared an unnamed statement; or one that was too large to be looked into. */
    void unseen(boolean tooLarge) {
        unseen = tooLarge;
    }

    /** Whether the server has an unnamed statement that could not be given to it again. */
    boolean isUnseen() {
        return unseen;
    }

    /** The server has said which names there are. */
    void retain(Set<String> names) {
        Map.copyOf(named).forEach((name, statement) -> {
            if (!names.contains(name) && statement.text().kind() != StatementKind.PERIGEE) {
                put(name, null);
            }
        });
    }
}

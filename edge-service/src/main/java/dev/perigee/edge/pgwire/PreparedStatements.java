package dev.perigee.edge.pgwire;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The prepared statements of a session: what the client believes, and for the unnamed one also what the server has. The two
 * differ after an answer from memory, of whose Parse the server has not heard. Named statements are always prepared at the
 * server; of a Close that was answered from memory it hears before anything else that is sent to it.
 *
 * <p>Bounded: what is not remembered is merely not answered from memory. For one session's thread.
 */
final class PreparedStatements {

    private static final int MOST = 1000;
    private static final int MOST_BYTES = 1024 * 1024;
    private static final int LONGEST_NAME = 200;

    private final Map<String, Prepared> named = new HashMap<>();
    /** Names that the client has closed and the server has not. */
    private final Set<String> closed = new LinkedHashSet<>();

    private int bytes;
    private @Nullable Prepared unnamed;
    private @Nullable Prepared unnamedAtServer;
    private boolean unseen;

    /** What the client has prepared under a name; null if it is not known. */
    @Nullable
    Prepared find(String name) {
        return name.isEmpty() ? unnamed : named.get(name);
    }

    /** Whether there are any that have names. */
    boolean hasNamed() {
        return !named.isEmpty();
    }

    /** The client has prepared a statement, as it believes. */
    void put(String name, @Nullable Prepared prepared) {
        if (name.isEmpty()) {
            unnamed = prepared;
            unseen = false;
            return;
        }
        Prepared before = named.remove(name);
        if (before != null) {
            bytes -= size(name, before);
        }
        if (prepared != null && named.size() < MOST && bytes + size(name, prepared) <= MOST_BYTES) {
            named.put(name, prepared);
            bytes += size(name, prepared);
        }
    }

    private static int size(String name, Prepared prepared) {
        return name.length() + prepared.statement().length;
    }

    /** Whether a Close of this name may be answered without the server's hearing of it now. */
    boolean mayCloseLater(String name) {
        return name.length() <= LONGEST_NAME && closed.size() < MOST;
    }

    /** The client has closed a statement, and the server has not heard of it. */
    void closedLocally(String name) {
        if (!name.isEmpty()) {
            closed.add(name);
        }
    }

    /** Whether the server has yet to hear of a Close. */
    boolean owesClose() {
        return !closed.isEmpty();
    }

    /** The names whose Close the server has yet to hear of; it is told now. */
    List<String> takeClosed() {
        List<String> names = List.copyOf(closed);
        closed.clear();
        return names;
    }

    /** The unnamed statement that the server lacks though the client counts on it; null if there is none. */
    @Nullable
    Prepared missingAtServer() {
        return unnamed == unnamedAtServer ? null : unnamed;
    }

    /** The client has prepared an unnamed statement that was too large to be looked into. */
    void unseen() {
        unseen = true;
    }

    /** Whether the server has an unnamed statement that could not be given to it again. */
    boolean isUnseen() {
        return unseen;
    }

    /** Whether the server has an unnamed statement yet though the client has none any more. */
    boolean leftOverAtServer() {
        return unnamed == null && unnamedAtServer != null;
    }

    /**
     * What a message that is sent makes of them. The server may skip it, so it can be taken back; and done again, since
     * what was taken back may have come after something that is not.
     */
    final class Change {
        private final String name;
        private final @Nullable Prepared statement;
        private final boolean forClient;
        private final boolean lostIfFailed;
        private @Nullable Prepared before;
        private @Nullable Prepared beforeAtServer;

        private Change(String name, @Nullable Prepared statement, boolean forClient, boolean lostIfFailed) {
            this.name = name;
            this.statement = statement;
            this.forClient = forClient;
            this.lostIfFailed = lostIfFailed;
        }

        /** The message has been sent, and is not skipped as far as is known. */
        void apply() {
            before = find(name);
            beforeAtServer = unnamedAtServer;
            set(statement, statement);
        }

        /** The server has skipped it. What came after it has been taken back before. */
        void undo() {
            set(before, beforeAtServer);
        }

        /** The server has answered with an error. What came after it has been taken back before. */
        void failed() {
            if (lostIfFailed) {
                set(null, null);
            } else {
                undo();
            }
        }

        private void set(@Nullable Prepared client, @Nullable Prepared server) {
            if (forClient) {
                put(name, client);
            }
            if (name.isEmpty()) {
                unnamedAtServer = server;
            }
        }
    }

    /** The client prepares a statement. The server forgets its unnamed one even if it does not like the next. */
    Change parsing(String name, @Nullable Prepared statement) {
        return new Change(name, statement, true, name.isEmpty());
    }

    /** The client closes a statement. */
    Change closing(String name) {
        return new Change(name, null, true, false);
    }

    /** Whatever comes, the unnamed statement is gone. */
    Change dropping() {
        return new Change("", null, true, true);
    }

    /** The server's unnamed statement is changed without the client's knowing. */
    Change providing(@Nullable Prepared statement) {
        return new Change("", statement, false, true);
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

package dev.perigee.edge.pgwire;

import dev.perigee.edge.cache.ResultKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What makes two reads over the wire the same: the session's context, the text and the declared types of parameters, and the
 * formats and values of parameters and the formats of results, all byte for byte; and for the first rows alone, how many. Immutable,
 * thread-safe.
 */
final class WireKey implements ResultKey {

    private static final int OVERHEAD = 96;
    private static final byte[] SIMPLE = new byte[0];

    private final String identity;
    private final byte[] statement;
    private final byte[] arguments;
    private final int maxRows;
    private final int hash;

    private WireKey(String identity, byte[] statement, byte[] arguments, int maxRows) {
        this.identity = identity;
        this.statement = statement;
        this.arguments = arguments;
        this.maxRows = maxRows;
        this.hash = 31 * (31 * (31 * identity.hashCode() + Arrays.hashCode(statement)) + Arrays.hashCode(arguments))
                + maxRows;
    }

    /** Of a statement in a message Query. */
    static WireKey simple(SessionContext context, byte[] sql) {
        return new WireKey(context.identity(), sql, SIMPLE, 0);
    }

    /**
     * Of a portal.
     *
     * @param statement as in {@link FrontendMessage.Parse#statement}
     * @param arguments as in {@link FrontendMessage.Bind#arguments}: never empty
     * @param maxRows of the first rows alone; 0 of the whole result
     */
    static WireKey extended(SessionContext context, byte[] statement, byte[] arguments, int maxRows) {
        return new WireKey(context.identity(), statement, arguments, maxRows);
    }

    @Override
    public String sql() {
        int length = 0;
        while (length < statement.length && statement[length] != 0) {
            length++;
        }
        return new String(statement, 0, length, StandardCharsets.UTF_8);
    }

    @Override
    public int paramCount() {
        if (arguments.length < 2) {
            return 0;
        }
        int formats = unsignedShort(0);
        int at = 2 + 2 * formats;
        return arguments.length < at + 2 ? 0 : unsignedShort(at);
    }

    private int unsignedShort(int at) {
        return (arguments[at] & 0xff) << 8 | (arguments[at + 1] & 0xff);
    }

    @Override
    public int weight() {
        // The identity is shared by all that is kept for the same kind of session.
        return OVERHEAD + statement.length + arguments.length;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WireKey key
                && hash == key.hash
                && maxRows == key.maxRows
                && Arrays.equals(statement, key.statement)
                && Arrays.equals(arguments, key.arguments)
                && identity.equals(key.identity);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}

package dev.perigee.edge.pgwire;

import org.jspecify.annotations.Nullable;

/**
 * A statement a client has prepared by a message Parse.
 *
 * <p>For one session's thread.
 */
final class Prepared {

    private final byte[] statement;
    private final byte[] sql;
    private final StatementText text;
    private byte @Nullable [] description;

    /**
     * Prepared.
     *
     * @param statement the text and the declared types, as in the message
     * @param sql the text alone
     */
    Prepared(byte[] statement, byte[] sql, StatementText text) {
        this.statement = statement;
        this.sql = sql;
        this.text = text;
    }

    byte[] statement() {
        return statement;
    }

    byte[] sql() {
        return sql;
    }

    StatementText text() {
        return text;
    }

    /** What the server has answered to its Describe; null if it was not asked, or has not answered. */
    byte @Nullable [] description() {
        return description;
    }

    /** The server has answered to its Describe. */
    void described(byte[] messages) {
        description = messages;
    }
}

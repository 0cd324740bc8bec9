package dev.perigee.edge.pgwire;

import dev.perigee.model.StreamPosition;
import java.io.ByteArrayOutputStream;
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
    private final ByteArrayOutputStream description = new ByteArrayOutputStream(0);

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
        return description.size() == 0 ? null : description.toByteArray();
    }

    /** Where the server's answer to its Describe is to be put. */
    ByteArrayOutputStream descriptionToCome() {
        description.reset();
        return description;
    }
}

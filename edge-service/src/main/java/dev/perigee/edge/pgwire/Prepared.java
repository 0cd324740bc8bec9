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
    private @Nullable StreamPosition describedAt;
    private @Nullable StreamPosition provenAt;

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

    /** The description contains every change of the catalog at or below this; null if that is not known. */
    @Nullable
    StreamPosition describedAt() {
        return describedAt;
    }

    /**
     * Where the server's answer to its Describe is to be put.
     *
     * @param visible what the server sees by now; null if that is not known
     */
    ByteArrayOutputStream descriptionToCome(@Nullable StreamPosition visible) {
        description.reset();
        describedAt = visible;
        return description;
    }

    /**
     * With every change of the catalog at or below this, the columns of its result were those they were when it was prepared;
     * null if that is not known. The server refuses to run it otherwise, and the client relies on it.
     */
    @Nullable
    StreamPosition provenAt() {
        return provenAt;
    }

    /** It was prepared, or run, with every change of the catalog at or below this. */
    void provenAt(@Nullable StreamPosition visible) {
        provenAt = visible;
    }
}

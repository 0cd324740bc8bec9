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
    private @Nullable StreamPosition validAt;
    private final ByteArrayOutputStream description = new ByteArrayOutputStream(0);

    /**
     * Prepared.
     *
     * @param statement the text and the declared types, as in the message
     * @param sql the text alone
     * @param validAt what every snapshot saw that was taken from then on; null if that was not known
     */
    Prepared(byte[] statement, byte[] sql, StatementText text, @Nullable StreamPosition validAt) {
        this.validAt = validAt;
        this.statement = statement;
        this.sql = sql;
        this.text = text;
    }

    /** When the server last took it for what it was: every change of the catalog at or below this had been made before. */
    @Nullable
    StreamPosition validAt() {
        return validAt;
    }

    /** The server has run it, so what the client knows of its columns still holds. */
    void ran(@Nullable StreamPosition visible) {
        if (visible != null) {
            validAt = visible;
        }
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

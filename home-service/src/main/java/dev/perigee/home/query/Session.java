package dev.perigee.home.query;

import dev.perigee.home.wal.Epoch;
import io.r2dbc.spi.Connection;

/** A database connection, lent to one request. Not thread-safe. */
final class Session {

    private final Connection connection;
    private final Epoch epoch;
    private boolean touched;

    /**
     * A connection.
     *
     * @param epoch of the server that it reaches, which may not be the one the feed reads
     */
    Session(Connection connection, Epoch epoch) {
        this.connection = connection;
        this.epoch = epoch;
    }

    /** Of the server that the connection reaches: a result may only be kept if it is also that of its stamp. */
    Epoch epoch() {
        return epoch;
    }

    Connection connection() {
        return connection;
    }

    /** A statement is about to run that may change the session's state: it must be reset before it is lent again. */
    void touch() {
        touched = true;
    }

    boolean isTouched() {
        return touched;
    }
}

package dev.perigee.home.wal;

/** Bytes that are no message of pgoutput, or messages in an order that makes no sense: something may be lost. */
final class PgOutputException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    PgOutputException(String message) {
        super(message);
    }
}

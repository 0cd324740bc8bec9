package dev.perigee.edge.pgwire;

/** Bytes that are no message of the protocol: the connection cannot go on. */
final class ProtocolViolation extends Exception {

    private static final long serialVersionUID = 1L;

    ProtocolViolation(String message) {
        super(message, null, false, false);
    }
}

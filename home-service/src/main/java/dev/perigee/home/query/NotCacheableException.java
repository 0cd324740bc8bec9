package dev.perigee.home.query;

/** Found during analysis: the statement's result may not be kept. Never leaves this package, costs no stack trace. */
final class NotCacheableException extends Exception {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    NotCacheableException(Reason reason, String what) {
        super(what, null, false, false);
        this.reason = reason;
    }

    Reason reason() {
        return reason;
    }
}

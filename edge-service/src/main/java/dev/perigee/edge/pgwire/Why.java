package dev.perigee.edge.pgwire;

/**
 * Why a statement was not answered from memory.
 *
 * @param detail for the metrics and for {@code SHOW perigee.last}
 * @param miss whether it might have been: a miss, not a bypass
 */
record Why(String detail, boolean miss) {

    static final Why ABSENT = new Why("absent", true);
    static final Why INVALIDATED = new Why("invalidated", true);
    static final Why TOO_STALE = new Why("too-stale", true);
    static final Why MAX_STALENESS = bypass("max-age");
    static final Why REFUSED = bypass("refused");
    static final Why OWN_WRITE = bypass("min-version");
    static final Why INELIGIBLE = bypass("ineligible");
    static final Why NOT_LINKED = bypass("not-linked");
    static final Why OUTSIDE_INTEREST = bypass("outside-interest");
    static final Why NO_CACHE = bypass("no-cache");
    static final Why SESSION_STATE = bypass("session-state");
    static final Why OTHER_SERVER = bypass("other-server");
    static final Why TRANSACTION = bypass("transaction");
    static final Why PIPELINED = bypass("pipelined");
    static final Why NOT_ANALYSED = bypass("not-analysed");
    static final Why WRITE = bypass("write");
    static final Why UTILITY = bypass("utility");
    static final Why UNSUPPORTED = bypass("unsupported");

    static Why bypass(String detail) {
        return new Why(detail, false);
    }
}

package dev.perigee.edge.pgwire;

/** What a text is, as far as its first words tell. */
enum StatementKind {
    /** May be a read whose result may be kept; whether it is, home says. */
    READ,
    /** Begins or ends a transaction block and does nothing else that outlives it. */
    TRANSACTION,
    /** Changes nothing, and is never kept: SHOW, or no statement at all. */
    HARMLESS,
    /** Asks the edge about itself: {@code SHOW perigee.status}, {@code SHOW perigee.last}. */
    PERIGEE,
    /** May change data, the session, or both. */
    OTHER
}

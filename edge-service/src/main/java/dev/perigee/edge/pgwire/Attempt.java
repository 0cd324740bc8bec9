package dev.perigee.edge.pgwire;

/** One way to begin a connection to the database. */
enum Attempt {
    /** Without TLS, and without asking for it. */
    PLAIN,
    /** With TLS, or else over the same connection without. */
    TLS_IF_OFFERED,
    /** With TLS or not at all. */
    TLS
}

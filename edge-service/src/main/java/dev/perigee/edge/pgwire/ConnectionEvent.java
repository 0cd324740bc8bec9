package dev.perigee.edge.pgwire;

/** What the server tells the handlers of its connections, as a user event. A little later it closes the connection. */
enum ConnectionEvent {
    /** The edge is being stopped. */
    SHUTDOWN,
    /** The start-up has taken too long; the connection is closed as soon as the handlers have been told. */
    STARTUP_TIMEOUT
}

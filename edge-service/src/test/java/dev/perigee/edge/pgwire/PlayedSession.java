package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.columns;
import static dev.perigee.edge.pgwire.Wire.complete;

import org.junit.jupiter.api.AfterEach;

/** A session between a client and a server that are played by hand. */
abstract class PlayedSession {

    static final byte[] COLUMNS = columns("x");

    static final byte[] ONE = complete("SELECT 1");

    final ReadsFixture fixture = new ReadsFixture();

    Peer peer;

    @AfterEach
    void close() {
        peer.close();
    }
}

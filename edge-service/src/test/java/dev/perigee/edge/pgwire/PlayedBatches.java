package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.BOUND;
import static dev.perigee.edge.pgwire.Wire.PARSED;
import static dev.perigee.edge.pgwire.Wire.READY;
import static dev.perigee.edge.pgwire.Wire.SYNC;
import static dev.perigee.edge.pgwire.Wire.bind;
import static dev.perigee.edge.pgwire.Wire.describePortal;
import static dev.perigee.edge.pgwire.Wire.execute;
import static dev.perigee.edge.pgwire.Wire.parse;
import static dev.perigee.edge.pgwire.Wire.row;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;

/** A session by the extended protocol, between a client and a server that are played by hand. */
abstract class PlayedBatches extends PlayedSession {

    static final String READ = "select x from t where y = $1";

    /** What most drivers send for a statement that is used once. */
    static final byte[][] ONCE = {parse("", READ), bind("", "", "7"), describePortal(""), execute(""), SYNC};

    @BeforeEach
    void start() {
        peer = Peer.ready(fixture);
    }

    void record(String value) {
        peer.say(ONCE);
        assertThat(peer.server()).containsExactly("P" + READ, "B7", "DP", "E", "S");
        peer.reply(PARSED, BOUND, COLUMNS, row(value), ONE, READY);
        assertThat(peer.client()).containsExactly("1", "2", "Tx", "D" + value, "CSELECT 1", "ZI");
    }

    /** The messages of a read of one row that is not in memory are sent, and answered. */
    void forwarded(byte[]... batch) {
        peer.say(batch);
        peer.reply(PARSED, BOUND, row("1"), ONE, READY);
        peer.server();
        peer.client();
    }
}

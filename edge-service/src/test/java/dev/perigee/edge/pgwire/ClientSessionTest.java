package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("FutureReturnValueIgnored") // channels that are embedded close at once
class ClientSessionTest {

    private static final byte[] TERMINATE = Wire.message('X');

    private SessionRig rig;

    @BeforeEach
    void logIn() throws ProtocolViolation {
        rig = new SessionRig(new ReadsFixture());
        rig.send(rig.server, SessionRig.WELCOME);
        assertThat(rig.answered(new FakePostgres())).isEqualTo(SessionRig.WELCOME);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void serverGoes() {
        rig.server.close();
        rig.run();
        assertThat(rig.client.isOpen()).isFalse();
    }

    @Test
    void aClientIsToldWhenTheDatabaseIsLost() {
        serverGoes();
        assertThat(new String(SessionRig.taken(rig.client), StandardCharsets.UTF_8))
                .contains("FATAL", "57P01", "the connection to the database was lost");
    }

    /** Drivers wait for the end of the connection, and take what comes before it for a failure (node-postgres). */
    @Test
    void aClientThatHasTakenItsLeaveIsToldNothing() {
        rig.send(rig.client, TERMINATE);
        assertThat(SessionRig.taken(rig.server)).isEqualTo(TERMINATE);
        serverGoes();
        assertThat(SessionRig.taken(rig.client)).isEmpty();
    }

    @Test
    void norIsOneThatHasTakenItsLeaveBeforeTheEdgeIsShutDown() {
        rig.send(rig.client, TERMINATE);
        rig.client.pipeline().fireUserEventTriggered(ConnectionEvent.SHUTDOWN);
        rig.run();
        assertThat(SessionRig.taken(rig.client)).isEmpty();
        assertThat(rig.client.isOpen()).isFalse();
    }
}

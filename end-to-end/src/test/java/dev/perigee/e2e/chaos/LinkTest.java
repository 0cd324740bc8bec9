package dev.perigee.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinkTest {

    private static final int QUIET_MILLIS = 150;

    private ServerSocket server;
    private Link link;
    private Socket client;
    private Socket accepted;

    @BeforeEach
    void connect() throws IOException {
        server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        link = new Link(server.getLocalPort());
        client = new Socket(InetAddress.getLoopbackAddress(), link.port());
        accepted = server.accept();
        send(client, 'a');
        assertThat(receive(accepted)).isEqualTo('a');
        send(accepted, 'b');
        assertThat(receive(client)).isEqualTo('b');
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        accepted.close();
        link.close();
        server.close();
    }

    @Test
    void whatIsStalledArrivesLater() throws IOException {
        link.become(Link.Mode.STALLED);
        send(client, 'c');
        assertSilent(accepted);

        link.become(Link.Mode.OPEN);
        assertThat(receive(accepted)).isEqualTo('c');
    }

    @Test
    void aHalfOpenConnectionLosesEverythingAndEndsWhenTheNetworkIsBack() throws IOException {
        link.become(Link.Mode.HALF_OPEN);
        send(client, 'c');
        send(accepted, 'd');
        assertSilent(accepted);
        assertSilent(client);

        link.become(Link.Mode.OPEN);
        assertEnded(client);
    }

    @Test
    void aDeafOneBringsWhatIsAskedAndLosesTheAnswer() throws IOException {
        link.become(Link.Mode.DEAF);
        send(client, 'c');
        assertThat(receive(accepted)).isEqualTo('c');
        send(accepted, 'd');
        assertSilent(client);
    }

    @Test
    void aCutEndsConnectionsAndRefusesNewOnes() throws IOException {
        link.become(Link.Mode.CUT);
        assertEnded(client);
        try (Socket next = new Socket(InetAddress.getLoopbackAddress(), link.port())) {
            assertEnded(next);
        }
    }

    @Test
    void aSlowOneTakesItsTime() throws IOException {
        link.delay(QUIET_MILLIS);
        long began = System.nanoTime();
        send(client, 'c');
        assertThat(receive(accepted)).isEqualTo('c');
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(Duration.ofMillis(QUIET_MILLIS));
    }

    private static void send(Socket socket, int what) throws IOException {
        socket.getOutputStream().write(what);
    }

    private static int receive(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        return socket.getInputStream().read();
    }

    private static void assertSilent(Socket socket) throws IOException {
        socket.setSoTimeout(QUIET_MILLIS);
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
    }

    private static void assertEnded(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        try {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        } catch (SocketTimeoutException alive) {
            throw alive;
        } catch (IOException reset) {
            // That is an end, too.
        }
    }
}

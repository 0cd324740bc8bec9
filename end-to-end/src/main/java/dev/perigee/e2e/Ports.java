package dev.perigee.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/**
 * Ports for services that are still to start, or are to start again. Not from the range of which the kernel takes those of
 * outgoing connections: one of these may have the port when the service wants it. Thread-safe.
 */
public final class Ports {

    private static final int FIRST = 15_000;
    private static final int COUNT = 15_000;
    private static final int WINDOW = 100;

    /** Each process begins elsewhere: two that run side by side would choose the same. */
    private static int next = (int) (ProcessHandle.current().pid() * WINDOW % COUNT);

    private Ports() {}

    /** A port that nobody uses just now, and that was not given away before. */
    public static synchronized int free() {
        for (int tried = 0; tried < COUNT; tried++) {
            int port = FIRST + next;
            next = (next + 1) % COUNT;
            if (isFree(port)) {
                return port;
            }
        }
        throw new IllegalStateException("no port is free");
    }

    /** Whether nobody listens on the port of the loopback interface. */
    static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException taken) {
            return false;
        }
    }
}

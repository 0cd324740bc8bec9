package dev.perigee.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A connection of somebody who keeps to no rules. Nothing it does waits for longer than a moment. */
final class RawSocket implements AutoCloseable {

    private static final int MOMENT = 20;

    private final Socket socket = new Socket();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private boolean ended;

    RawSocket(URI service) {
        this(service, 1, 0);
    }

    RawSocket(URI service, int from) {
        this(service, from, 0);
    }

    /** For which little is kept on the way of what it does not read. */
    static RawSocket narrow(URI service) {
        return new RawSocket(service, 1, 4096);
    }

    /**
     * Connects.
     *
     * @param from our own address, 127.0.0.this
     * @param buffer for what was received and not read, or 0 for the usual
     */
    private RawSocket(URI service, int from, int buffer) {
        try {
            if (buffer > 0) {
                socket.setReceiveBufferSize(buffer);
            }
            socket.bind(new InetSocketAddress(loopback(from), 0));
            socket.connect(new InetSocketAddress(loopback(1), service.getPort()), 10_000);
            socket.setSoTimeout(MOMENT);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static InetAddress loopback(int last) throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
    }

    /** Sends; what the other side thinks of it shows in {@link #ended}. */
    RawSocket send(String text) {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawSocket send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException closed) {
            ended = true;
        }
        return this;
    }

    /** Whether the service has closed the connection, as far as is known after a moment of reading. */
    boolean ended() {
        read();
        return ended;
    }

    /** The same without reading: only what was sent tells. */
    boolean broken() {
        return ended;
    }

    /** Everything received so far. */
    String received() {
        read();
        return received.toString(StandardCharsets.ISO_8859_1);
    }

    private void read() {
        byte[] buffer = new byte[64 * 1024];
        try {
            InputStream in = socket.getInputStream();
            // Once is enough: whoever waits for more asks again.
            int length = ended ? 0 : in.read(buffer);
            if (length < 0) {
                ended = true;
            } else {
                received.write(buffer, 0, length);
            }
        } catch (SocketTimeoutException nothing) {
            // As it should be for who sends nothing whole.
        } catch (IOException reset) {
            ended = true;
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}

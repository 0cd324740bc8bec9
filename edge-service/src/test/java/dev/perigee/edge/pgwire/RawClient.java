package dev.perigee.edge.pgwire;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** A client that says what it likes. */
final class RawClient implements AutoCloseable {

    static final int PROTOCOL_3_0 = 3 << 16;

    private static final int TIMEOUT_MILLIS = 10_000;

    private Socket socket;
    private DataInputStream in;

    RawClient(int port) throws IOException {
        use(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    private void use(Socket with) throws IOException {
        socket = with;
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new DataInputStream(socket.getInputStream());
    }

    Socket socket() {
        return socket;
    }

    RawClient send(byte[]... parts) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.write(part);
        }
        socket.getOutputStream().write(all.toByteArray());
        return this;
    }

    /** A packet without a type: its length, its code, and what follows. */
    static byte[] packet(int code, byte... rest) {
        return ByteBuffer.allocate(8 + rest.length)
                .putInt(8 + rest.length)
                .putInt(code)
                .put(rest)
                .array();
    }

    static byte[] startup(String user) {
        return packet(PROTOCOL_3_0, ("user\0" + user + "\0database\0postgres\0\0").getBytes(StandardCharsets.UTF_8));
    }

    char readByte() throws IOException {
        return (char) in.readUnsignedByte();
    }

    byte[] read(int length) throws IOException {
        return in.readNBytes(length);
    }

    /** The fields of an ErrorResponse, after which the connection ends. */
    Map<Character, String> readFatal() throws IOException {
        if (readByte() != 'E') {
            throw new IOException("not an ErrorResponse");
        }
        byte[] body = in.readNBytes(in.readInt() - 4);
        Map<Character, String> fields = new LinkedHashMap<>();
        for (String field : new String(body, StandardCharsets.UTF_8).split("\0", -1)) {
            if (!field.isEmpty()) {
                fields.put(field.charAt(0), field.substring(1));
            }
        }
        if (!isClosed()) {
            throw new IOException("not closed after it");
        }
        return fields;
    }

    /** Whether the server closes, without another byte. */
    boolean isClosed() throws IOException {
        try {
            return in.read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }

    /** TLS from here on. */
    RawClient tls(SSLContext context, String... protocols) throws IOException {
        SSLSocket tls =
                (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
        SSLParameters parameters = tls.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        tls.setSSLParameters(parameters);
        use(tls);
        tls.startHandshake();
        return this;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

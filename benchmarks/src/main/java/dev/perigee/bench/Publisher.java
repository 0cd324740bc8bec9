package dev.perigee.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Publishes one after the other, and waits for each to be accepted. */
interface Publisher extends AutoCloseable {

    void publish(int number) throws IOException, SQLException;

    @Override
    void close() throws IOException, SQLException;

    /** Commits, to the tables {@code fan.t0}, {@code fan.t1}, … in turn: with many of them nothing is conflated unless an edge falls behind by as many. */
    final class Commits implements Publisher {

        private final Connection connection;
        private final List<PreparedStatement> updates = new ArrayList<>();

        Commits(String jdbcUrl, int tables, boolean durable) throws SQLException {
            connection = DriverManager.getConnection(jdbcUrl);
            try (Statement statement = connection.createStatement()) {
                if (!durable) {
                    statement.execute("SET synchronous_commit = off");
                }
            }
            for (int n = 0; n < tables; n++) {
                updates.add(connection.prepareStatement("UPDATE fan.t" + n + " SET n = n + 1 WHERE id = 1"));
            }
        }

        @Override
        public void publish(int number) throws SQLException {
            updates.get(number % updates.size()).executeUpdate();
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }

    /** Messages to a channel of nchan's, as large as an invalidation is. */
    final class Messages implements Publisher {

        private static final String FILL = "x".repeat(140);

        private final Socket socket;
        private final InputStream in;

        Messages(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
        }

        @Override
        public void publish(int number) throws IOException {
            String body = String.format(Locale.ROOT, "%010d %s", number, FILL);
            socket.getOutputStream()
                    .write(("POST /publish HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\nContent-Length: "
                                    + body.length() + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.US_ASCII));
            int length = 0;
            for (String line = line(); !line.isEmpty(); line = line()) {
                if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    length = Integer.parseInt(line.substring(15).trim());
                }
            }
            in.skipNBytes(length);
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int octet = in.read(); octet != '\n'; octet = in.read()) {
                if (octet < 0) {
                    throw new IOException("the publisher's connection was closed");
                }
                line.append((char) octet);
            }
            return line.toString().strip();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}

package dev.perigee.e2e;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A client of PostgreSQL's protocol that sends what it is told to send and keeps every byte that comes back. Knows how to log
 * in (trust, SCRAM-SHA-256), and nothing else.
 */
final class PgFrontend implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 30_000;

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final OutputStream out;
    private final List<PgReply> greeting = new ArrayList<>();
    private boolean ended;

    private PgFrontend(int port) {
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
            out = socket.getOutputStream();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Connected, and nothing said yet. */
    static PgFrontend silent(int port) {
        return new PgFrontend(port);
    }

    /** Logged in, or refused, as the {@link #greeting} says. */
    static PgFrontend connect(int port, Map<String, String> parameters, String password) {
        PgFrontend client = new PgFrontend(port);
        client.send(PgMessages.startup(PgMessages.PROTOCOL_3_0, parameters));
        client.logIn(password);
        return client;
    }

    /** A session of this user in the database; parameters follow in pairs. */
    static PgFrontend session(int port, String user, String database, String... more) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", user);
        parameters.put("database", database);
        for (int i = 0; i + 1 < more.length; i += 2) {
            parameters.put(more[i], more[i + 1]);
        }
        PgFrontend client = connect(port, parameters, "secret");
        PgReply last = client.greeting.get(client.greeting.size() - 1);
        if (last.type() != 'Z') {
            throw new IllegalStateException("no session: " + last);
        }
        return client;
    }

    /** Everything up to the first ReadyForQuery, or the end. */
    private void logIn(String password) {
        PgScram scram = new PgScram(password);
        boolean more = true;
        while (more && !ended) {
            for (PgReply reply : readUntil(any -> true)) {
                greeting.add(reply);
                more = reply.type() != 'Z';
                if (reply.type() == 'R') {
                    byte[] answer = scram.answer(reply);
                    if (answer.length > 0) {
                        send(answer);
                    }
                }
            }
        }
    }

    /** What the server said until it was ready for the first query. */
    List<PgReply> greeting() {
        return greeting;
    }

    PgFrontend send(byte[]... messages) {
        try {
            out.write(PgMessages.all(messages));
            out.flush();
        } catch (SocketException closed) {
            // What the server said before shows when it is read.
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return this;
    }

    /** Reads up to and including the message that is the last; all there is if the server ends the session before. */
    List<PgReply> readUntil(Predicate<PgReply> last) {
        List<PgReply> replies = new ArrayList<>();
        try {
            while (true) {
                char type = (char) in.readUnsignedByte();
                byte[] body = new byte[in.readInt() - 4];
                in.readFully(body);
                PgReply reply = new PgReply(type, body);
                replies.add(reply);
                if (last.test(reply)) {
                    return replies;
                }
            }
        } catch (EOFException | SocketException end) {
            ended = true;
            return replies;
        } catch (IOException failure) {
            throw new UncheckedIOException("after " + replies, failure);
        }
    }

    /** Reads up to so many ReadyForQuery. */
    List<PgReply> readCycles(int cycles) {
        int[] left = {cycles};
        return readUntil(reply -> reply.type() == 'Z' && --left[0] == 0);
    }

    /** A single byte that is no message: the answer to SSLRequest. */
    int readByte() {
        try {
            return in.read();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Whether the server has ended the session. */
    boolean ended() {
        return ended;
    }

    /** Sends messages that one ReadyForQuery ends, and gives the first value of every row. */
    List<String> column(byte[]... messages) {
        List<PgReply> replies = send(messages).readCycles(1);
        for (PgReply reply : replies) {
            if (reply.type() == 'E') {
                throw new IllegalStateException(reply.field('C') + " " + reply.field('M'));
            }
        }
        if (ended) {
            throw new IllegalStateException("the session has ended");
        }
        return replies.stream()
                .filter(reply -> reply.type() == 'D')
                .map(reply -> reply.row().isEmpty() ? "" : reply.row().get(0))
                .toList();
    }

    /** By the simple protocol. */
    List<String> simple(String sql) {
        return column(PgMessages.query(sql));
    }

    /** By the extended protocol, unnamed. */
    List<String> extended(String sql, String... parameters) {
        return column(PgMessages.extended(sql, parameters));
    }

    /** The SQLSTATE of the error that this ends with; empty if there is none. */
    String error(byte[]... messages) {
        return send(messages).readCycles(1).stream()
                .filter(reply -> reply.type() == 'E')
                .map(reply -> reply.field('C'))
                .findFirst()
                .orElse("");
    }

    /** What became of the statement before: {@code hit}, {@code miss …}, {@code bypass …}. */
    String last() {
        List<PgReply> replies = send(PgMessages.query("SHOW perigee.last")).readCycles(1);
        List<String> row = replies.stream()
                .filter(reply -> reply.type() == 'D')
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(replies.toString()))
                .row();
        return row.get(1) == null ? row.get(0) : row.get(0) + " " + row.get(1);
    }

    @Override
    public void close() {
        send(PgMessages.terminate());
        try {
            socket.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}

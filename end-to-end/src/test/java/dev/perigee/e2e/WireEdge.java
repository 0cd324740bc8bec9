package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** A home and an edge that speaks PostgreSQL's protocol, for clients that know no other. */
final class WireEdge implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(15);

    private final Postgres postgres;
    private final Fleet fleet;
    private final int port;

    /** A way to read, whatever the client. */
    interface Read {
        void run() throws Exception;
    }

    private WireEdge(Postgres postgres, Fleet fleet, int port) {
        this.postgres = postgres;
        this.fleet = fleet;
        this.port = port;
    }

    static WireEdge start() throws IOException {
        Postgres postgres = Postgres.start();
        Fleet fleet = new Fleet(postgres);
        int port = Ports.free();
        fleet.launchHome(Fleet.HOME);
        fleet.startEdge(
                "edge-1",
                "--perigee.edge.pgwire.port=" + port,
                "--perigee.edge.pgwire.upstream=127.0.0.1:" + postgres.port(),
                "--perigee.edge.pgwire.allow-trust=true");
        return new WireEdge(postgres, fleet, port);
    }

    Postgres postgres() {
        return postgres;
    }

    int port() {
        return port;
    }

    String jdbcUrl(String options) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=postgres" + options;
    }

    Connection connect(String options) throws SQLException {
        return DriverManager.getConnection(jdbcUrl(options));
    }

    /** What became of the session's last statement: {@code hit}, or why it was none. */
    static String last(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW perigee.last")) {
            row.next();
            return row.getString("outcome").equals("hit") ? "hit" : row.getString("reason");
        }
    }

    /**
     * Reads until the answer comes from memory: a new table takes a moment to be published, a new text to be looked at.
     *
     * @return how many reads it took
     */
    static int readUntilHit(Connection connection, Read read) throws Exception {
        return untilHit(() -> last(connection), read);
    }

    /** The same, for whoever has another way of asking what became of the last statement. */
    static int untilHit(Callable<String> last, Read read) throws Exception {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        List<String> seen = new ArrayList<>();
        while (true) {
            read.run();
            String outcome = last.call();
            seen.add(outcome);
            if (outcome.equals("hit")) {
                return seen.size();
            }
            assertThat(System.nanoTime()).as("no hit: %s", seen).isLessThan(deadline);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }
}

package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** The first edge of {@link PgWire}, for clients that know no other protocol than PostgreSQL's. */
final class WireEdge {

    private static final Duration LIMIT = Duration.ofSeconds(40);

    /** A way to read, whatever the client. */
    interface Read {
        void run() throws Exception;
    }

    private WireEdge() {}

    static String jdbcUrl(String options) {
        return "jdbc:postgresql://127.0.0.1:" + PgWire.port("edge-1") + "/postgres?user=postgres" + options;
    }

    static Connection connect(String options) throws SQLException {
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
}

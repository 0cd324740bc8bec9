package dev.perigee.e2e.chaos;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads registers at one edge by PostgreSQL's own protocol, as an application with a JDBC driver does, in simple and extended
 * mode, and has every answer checked by what the edge says of it.
 */
final class WireReader implements Runnable {

    private static final int PACE_MILLIS = 12;
    private static final int LATER_MILLIS = 200;

    private final String edge;
    private final Cluster cluster;
    private final List<Register> registers;
    private final Report report;
    private final Falsifier falsifier;
    private final Random random;
    private @Nullable Connection session;

    WireReader(String edge, Cluster cluster, List<Register> registers, Report report, Falsifier falsifier, long seed) {
        this.edge = edge;
        this.cluster = cluster;
        this.registers = registers;
        this.report = report;
        this.falsifier = falsifier;
        this.random = new Random(seed);
    }

    @Override
    public void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                if (!read(registers.get(random.nextInt(registers.size())))) {
                    TimeUnit.MILLISECONDS.sleep(LATER_MILLIS);
                }
                TimeUnit.MILLISECONDS.sleep(random.nextInt(2 * PACE_MILLIS));
            } catch (InterruptedException stopped) {
                break;
            }
        }
        disconnect();
    }

    private boolean read(Register register) {
        try {
            Connection open = session();
            long begun = System.nanoTime();
            List<Long> values = numbers(open, register.read());
            long ended = System.nanoTime();
            try (Statement statement = open.createStatement();
                    ResultSet last = statement.executeQuery("SHOW perigee.last")) {
                last.next();
                boolean hit = "hit".equals(last.getString("outcome"));
                // What was read at the database is current as of then.
                long claimed = hit
                        ? begun
                                - Math.min(
                                        Cluster.MAX_STALENESS.toNanos(),
                                        TimeUnit.MILLISECONDS.toNanos(last.getLong("staleness_ms") + 1))
                        : begun;
                String version = last.getString("version");
                Observation seen = falsifier.falsify(new Observation(
                        edge,
                        register,
                        begun,
                        ended,
                        hit,
                        values,
                        version == null ? null : Register.Position.parse(version),
                        claimed,
                        null,
                        "over the wire: " + last.getString("outcome") + " " + last.getString("reason") + ", staleness "
                                + last.getString("staleness_ms") + " ms, version " + version));
                report.checked(seen, Checker.check(seen), Checker.staleness(seen));
                report.overTheWire(hit);
            }
            if (random.nextInt(500) == 0) {
                // The next session is in the other mode, perhaps.
                disconnect();
            }
            return true;
        } catch (SQLException failed) {
            report.unanswered(1);
            disconnect();
            return false;
        }
    }

    /** The numbers of all rows. */
    static List<Long> numbers(Connection open, String sql) throws SQLException {
        try (Statement statement = open.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<Long> numbers = new ArrayList<>();
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                for (int column = 1; column <= columns; column++) {
                    numbers.add(rows.getLong(column));
                }
            }
            return numbers;
        }
    }

    private Connection session() throws SQLException {
        Connection open = session;
        if (open == null) {
            open = cluster.connect(edge, random.nextBoolean());
            session = open;
        }
        return open;
    }

    private void disconnect() {
        Connection open = session;
        session = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException broken) {
                // It is gone either way.
            }
        }
    }
}

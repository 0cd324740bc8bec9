package dev.perigee.e2e.chaos;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Counts one register up, through edges, through homes and by plain SQL, and now and then changes its mind. */
final class Writer implements Runnable {

    private static final int ROLLBACKS_PERCENT = 15;

    private final Register register;
    private final Cluster cluster;
    private final Client client;
    private final Report report;
    private final Random random;
    private final ReentrantLock writing = new ReentrantLock();
    private @Nullable Connection connection;
    /** Through an edge, by the same protocol. */
    private @Nullable Connection wire;

    private long markers;

    Writer(Register register, Cluster cluster, Client client, Report report, long seed) {
        this.register = register;
        this.cluster = cluster;
        this.client = client;
        this.report = report;
        this.random = new Random(seed);
    }

    Register register() {
        return register;
    }

    /** Held by whoever wants nobody to write. */
    ReentrantLock writing() {
        return writing;
    }

    @Override
    public void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                writing.lockInterruptibly();
                try {
                    write();
                } finally {
                    writing.unlock();
                }
                TimeUnit.MILLISECONDS.sleep(register.paceMillis / 2 + random.nextInt((int) register.paceMillis));
            } catch (InterruptedException stopped) {
                break;
            }
        }
        disconnect();
    }

    private void write() throws InterruptedException {
        boolean rollback = random.nextInt(100) < ROLLBACKS_PERCENT;
        int way = register.shape == Register.Shape.LOSSY ? 9 : random.nextInt(13);
        String kind = (rollback ? "rollback" : register.shape == Register.Shape.TABLES ? "transaction" : "update")
                + (way < 4
                        ? " through an edge"
                        : way < 7 ? " through a home" : way < 10 ? " by plain SQL" : " by SQL through an edge");
        try {
            if (way >= 7) {
                bySql(way < 10 ? connection() : wire(), rollback);
                if (way >= 10 && !rollback) {
                    readBack(wire());
                }
            } else {
                String service = way < 4
                        ? Cluster.EDGES.get(random.nextInt(Cluster.EDGES.size()))
                        : Cluster.HOMES.get(random.nextInt(Cluster.HOMES.size()));
                if (!overHttp(service, rollback)) {
                    report.failed(kind);
                    return;
                }
            }
            report.done(kind);
        } catch (IOException | SQLException unknown) {
            // It may have been done or not.
            report.failed(kind);
            disconnect();
        }
    }

    private boolean overHttp(String service, boolean rollback) throws IOException, InterruptedException {
        int crashes = register.crashes();
        if (rollback) {
            Client.Answer answer = client.transaction(
                    cluster.url(service),
                    List.of(
                            updates("$1", false).get(0),
                            "SELECT 1 / (n - n) FROM " + register.tables().get(0)),
                    --markers);
            if (answer.status() == 200) {
                report.violation("a transaction with a division by zero was answered 200 by " + service);
            }
            return true;
        }
        long number = register.begin();
        List<String> updates = updates("$1", true);
        Client.Answer answer = updates.size() == 1
                ? register.shape == Register.Shape.BUMP
                        ? client.query(cluster.url(service), updates.get(0), Map.of())
                        : client.query(cluster.url(service), updates.get(0), Map.of(), number)
                : client.transaction(cluster.url(service), updates, number);
        if (answer.status() != 200) {
            return false;
        }
        register.acknowledged(
                number, System.nanoTime(), Register.Position.parse(answer.header("Perigee-Version")), crashes);
        return true;
    }

    private void bySql(Connection open, boolean rollback) throws SQLException, InterruptedException {
        int crashes = register.crashes();
        try (Statement statement = open.createStatement()) {
            if (rollback) {
                for (String sql : updates(Long.toString(--markers), false)) {
                    statement.execute(sql);
                }
                TimeUnit.MILLISECONDS.sleep(random.nextInt(30));
                open.rollback();
                return;
            }
            long number = register.begin();
            for (String sql : updates(Long.toString(number), true)) {
                statement.execute(sql);
            }
            open.commit();
            register.acknowledged(number, System.nanoTime(), null, crashes);
        }
    }

    /** In its own session a write is seen at once. Nobody else writes here. */
    private void readBack(Connection open) throws SQLException {
        long written = register.acknowledged();
        open.setAutoCommit(true);
        for (int i = 0; i < 3; i++) {
            List<Long> seen = WireReader.numbers(open, register.read());
            if (seen.stream().anyMatch(value -> value < written)) {
                report.violation(
                        "a session at an edge wrote " + written + " to " + register.name + " and read " + seen);
            }
        }
        open.setAutoCommit(false);
    }

    private Connection wire() throws SQLException {
        Connection open = wire;
        if (open == null) {
            open = cluster.connect(Cluster.EDGES.get(random.nextInt(Cluster.EDGES.size())), random.nextBoolean());
            wire = open;
            open.setAutoCommit(false);
        }
        return open;
    }

    /** A late one must not undo what a later one has done. */
    private List<String> updates(String number, boolean forward) {
        if (register.shape == Register.Shape.BUMP && forward) {
            return List.of("UPDATE " + register.name + " SET n = n + 1 WHERE id = 1");
        }
        String rows = register.shape == Register.Shape.ROWS ? "id IN (1, 2)" : "id = 1";
        return register.tables().stream()
                .map(table -> "UPDATE " + table + " SET n = " + number + " WHERE " + rows
                        + (forward ? " AND n < " + number : ""))
                .toList();
    }

    private Connection connection() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = cluster.primary.connect();
            connection = open;
            open.setAutoCommit(false);
            if (register.shape == Register.Shape.LOSSY) {
                try (Statement statement = open.createStatement()) {
                    statement.execute("SET synchronous_commit = off");
                }
                open.commit();
            }
        }
        return open;
    }

    private void disconnect() {
        close(connection);
        close(wire);
        connection = null;
        wire = null;
    }

    private static void close(@Nullable Connection open) {
        if (open != null) {
            try {
                open.close();
            } catch (SQLException broken) {
                // It is gone either way.
            }
        }
    }
}

package dev.perigee.e2e.chaos;

import dev.perigee.e2e.Ports;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL server on loopback that can be killed and started again on its data. Not thread-safe. */
final class Database implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final Path binaries;
    private final Path data;
    private final Path log;
    private final int port;
    private volatile @Nullable Process process;
    private boolean closed;

    private Database(Path binaries, Path data, int port) {
        this.binaries = binaries;
        this.data = data;
        this.log = data.resolveSibling(data.getFileName() + ".log");
        this.port = port;
    }

    /** Makes a primary and its standby in this directory. None runs yet. */
    static List<Database> make(Path directory) throws IOException, SQLException {
        Path data = directory.resolve("primary");
        Path binaries;
        // Segments of 1 MB: a slot is soon so many of them behind that it is lost.
        try (EmbeddedPostgres first = EmbeddedPostgres.builder()
                        .setDataDirectory(data)
                        .setCleanDataDirectory(false)
                        .setLocaleConfig("wal-segsize", "1")
                        .setOutputRedirector(Redirect.DISCARD)
                        .start();
                Connection connection = first.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT setting FROM pg_config WHERE name = 'BINDIR'")) {
            rows.next();
            binaries = Path.of(rows.getString(1));
        }
        Files.deleteIfExists(data.resolve("epg-lock"));
        Path copy = directory.resolve("standby");
        try (var files = Files.walk(data)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, copy.resolve(data.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        Database primary = new Database(binaries, data, Ports.free());
        Database standby = new Database(binaries, copy, Ports.free());
        Files.createFile(copy.resolve("standby.signal"));
        Files.writeString(
                copy.resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=127.0.0.1 port=" + primary.port
                        + " user=postgres dbname=postgres application_name=standby'\n"
                        + "wal_retrieve_retry_interval = '200ms'\n",
                StandardOpenOption.APPEND,
                StandardOpenOption.CREATE);
        return List.of(primary, standby);
    }

    /** Starts it, and waits until it answers. */
    void start() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            Process current = process;
            if (current == null || !current.isAlive()) {
                // After a kill it may refuse, while the children of the one before still hold its shared memory.
                launch();
            }
            try (Connection connection = connect()) {
                if (connection.isValid(1)) {
                    return;
                }
            } catch (SQLException notYet) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("PostgreSQL does not start; its log is " + log, notYet);
                }
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private synchronized void launch() throws IOException {
        if (closed) {
            throw new IllegalStateException("everything is being stopped");
        }
        List<String> command = new ArrayList<>();
        boolean linux =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
        if (linux && "root".equals(System.getProperty("user.name"))) {
            // PostgreSQL does not run as root; in a user namespace of its own it is somebody else.
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(
                List.of(binaries.resolve("postgres").toString(), "-D", data.toString(), "-p", Integer.toString(port)));
        for (String setting : List.of(
                "listen_addresses=localhost",
                "unix_socket_directories=",
                "wal_level=logical",
                "max_wal_senders=20",
                "max_replication_slots=20",
                "max_connections=300",
                "fsync=off",
                "max_wal_size=32MB",
                "min_wal_size=2MB",
                "log_line_prefix=%m [%p] ")) {
            command.addAll(List.of("-c", setting));
        }
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(Redirect.appendTo(log.toFile()))
                .start();
    }

    /** Kills it: nothing is flushed, and nobody is told. */
    void kill() throws InterruptedException {
        Process current = process;
        if (current != null) {
            current.destroyForcibly().waitFor();
        }
    }

    int port() {
        return port;
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port
                + "/postgres?user=postgres&connectTimeout=5&socketTimeout=15&loginTimeout=5");
    }

    void sql(String... statements) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    String query(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? String.valueOf(rows.getString(1)) : "";
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        Process current = process;
        if (current != null) {
            // What it leaves behind is deleted anyway.
            current.destroyForcibly();
        }
    }
}

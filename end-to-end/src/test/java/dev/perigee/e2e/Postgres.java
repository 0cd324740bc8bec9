package dev.perigee.e2e;

import static org.awaitility.Awaitility.await;

import dev.perigee.testing.DataDirectories;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A real PostgreSQL on loopback that can be restarted on its data. */
final class Postgres implements AutoCloseable {

    private final Path data;
    private final int port;
    private final Map<String, String> settings;
    private EmbeddedPostgres server;

    private Postgres(Path data, int port, Map<String, String> settings) {
        this.data = data;
        this.port = port;
        this.settings = settings;
    }

    static Postgres start() throws IOException {
        return start(Map.of("wal_level", "logical"));
    }

    static Postgres start(Map<String, String> settings) throws IOException {
        Postgres postgres = new Postgres(Files.createTempDirectory("perigee-e2e-pg"), Ports.free(), settings);
        DataDirectories.fill(postgres.data);
        postgres.startServer();
        return postgres;
    }

    /**
     * Starts a physical standby of this server, on a copy of its data made while it runs (manual, "Making a Base Backup
     * Using the Low Level API").
     *
     * @param conf lines for its configuration
     */
    Postgres startStandby(String... conf) throws IOException, SQLException {
        Path copy = Files.createTempDirectory("perigee-e2e-standby");
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_backup_start('standby', true)");
            copyData(copy);
            try (ResultSet label = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
                label.next();
                Files.writeString(copy.resolve("backup_label"), label.getString(1));
            }
        }
        Files.createFile(copy.resolve("standby.signal"));
        List<String> lines = new ArrayList<>(List.of(conf));
        lines.add("primary_conninfo = 'host=127.0.0.1 port=" + port + " user=postgres dbname=postgres'");
        Files.write(copy.resolve("postgresql.auto.conf"), lines);
        Postgres standby = new Postgres(copy, Ports.free(), settings);
        standby.startServer();
        return standby;
    }

    /** Without what the manual says to leave out; the WAL comes from the primary. */
    private void copyData(Path copy) throws IOException {
        Set<String> without = Set.of("postmaster.pid", "postmaster.opts", "epg-lock");
        Set<String> empty = Set.of("pg_wal", "pg_replslot", "pg_stat_tmp", "pg_subtrans");
        try (var files = Files.walk(data)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path name = data.relativize(file);
                if (name.toString().isEmpty()
                        || without.contains(name.toString())
                        || (name.getNameCount() > 1
                                && empty.contains(name.getName(0).toString()))) {
                    continue;
                }
                try {
                    Files.copy(file, copy.resolve(name), StandardCopyOption.COPY_ATTRIBUTES);
                } catch (NoSuchFileException removed) {
                    // The server has just removed it, and recovery knows.
                }
            }
        }
    }

    /** The standby receives nothing any more. */
    void detach() throws SQLException {
        sql("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()");
        await("the WAL receiver has ended")
                .atMost(Duration.ofSeconds(30))
                .until(() -> query("SELECT count(*) FROM pg_stat_wal_receiver").equals("0"));
    }

    /** Makes the standby a primary. */
    void promote() throws SQLException {
        sql("SELECT pg_promote()");
        await("promoted")
                .atMost(Duration.ofSeconds(30))
                .until(() -> query("SELECT pg_is_in_recovery()").equals("f"));
    }

    /** Kills the server: nothing is flushed, and nobody is told. */
    void kill() throws IOException {
        long pid = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).get(0));
        ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
        postmaster.destroyForcibly();
        await("killed").atMost(Duration.ofSeconds(30)).until(() -> !postmaster.isAlive());
    }

    void startServer() throws IOException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setPGStartupWait(Duration.ofSeconds(60))
                .setPort(port);
        // The library's default is off, which no primary of anybody's is.
        builder.setServerConfig("synchronous_commit", "on");
        settings.forEach(builder::setServerConfig);
        server = builder.start();
    }

    void stopServer() throws IOException {
        server.close();
    }

    int port() {
        return port;
    }

    String r2dbcUrl() {
        return "r2dbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    Connection connect() throws SQLException {
        return connect("postgres");
    }

    Connection connect(String user) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=" + user);
    }

    /** Runs statements straight on the server, as an application that knows nothing of Perigee would. */
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
            rows.next();
            return rows.getString(1);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        DataDirectories.delete(data);
    }
}

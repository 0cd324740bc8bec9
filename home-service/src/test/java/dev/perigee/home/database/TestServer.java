package dev.perigee.home.database;

import dev.perigee.testing.DataDirectories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.util.FileSystemUtils;

/** A PostgreSQL for one test class, with what home makes of it. */
public final class TestServer implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final EmbeddedPostgres.Builder builder;
    private final Path directory;
    private EmbeddedPostgres postgres;

    private TestServer(EmbeddedPostgres.Builder builder, Path directory) throws IOException {
        this.builder = builder;
        this.directory = directory;
        this.postgres = builder.start();
    }

    /** Starts one; settings are pairs of name and value. */
    public static TestServer start(String... settings) {
        Path directory;
        try {
            directory = Files.createTempDirectory("perigee-test");
            DataDirectories.fill(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setCleanDataDirectory(false)
                .setPGStartupWait(Duration.ofSeconds(60))
                .setDataDirectory(directory)
                .setServerConfig("wal_level", "logical")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("unix_socket_directories", "");
        for (int i = 0; i < settings.length; i += 2) {
            builder.setServerConfig(settings[i], settings[i + 1]);
        }
        try {
            return new TestServer(builder, directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Connection connect() throws SQLException {
        return connect("postgres");
    }

    public Connection connect(String user) throws SQLException {
        return postgres.getDatabase(user, "postgres").getConnection();
    }

    /** Runs statements, each in a transaction of its own. */
    public void run(String... statements) {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /** The first column. */
    public List<String> ask(String sql) {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> values = new ArrayList<>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        } catch (SQLException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    public ConnectionFactoryOptions options(String user) {
        ConnectionFactoryOptions.Builder builder = ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "postgresql")
                .option(ConnectionFactoryOptions.HOST, "localhost")
                .option(ConnectionFactoryOptions.PORT, postgres.getPort())
                .option(ConnectionFactoryOptions.USER, user)
                .option(ConnectionFactoryOptions.DATABASE, "postgres");
        ServerConnections.settle(builder, TIMEOUT);
        return builder.build();
    }

    public ServerConnections connections() {
        return connections("postgres");
    }

    public ServerConnections connections(String user) {
        return new ServerConnections(options(user), TIMEOUT, TIMEOUT);
    }

    public Publication publication() {
        return new Publication(connections(), Duration.ofSeconds(30));
    }

    /** Installs the DDL trigger, as home does at its start. */
    public void installTrigger() {
        new DdlTrigger(connections()).install().block(TIMEOUT);
    }

    /** Stops it and starts it again, on the same data and the same port. */
    public void restart() {
        try {
            postgres.close();
            postgres = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            postgres.close();
            FileSystemUtils.deleteRecursively(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

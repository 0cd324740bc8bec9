package dev.perigee.home.database;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL that home brings along for those who have configured none. It listens on the loopback interface alone
 * and trusts whoever connects from there: for trying out and for tests.
 */
final class EmbeddedDatabase implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);

    private static final String DATABASE = "postgres";
    private static final String USER = "postgres";
    private static final Duration START_WAIT = Duration.ofSeconds(30);

    private final EmbeddedPostgres server;

    private EmbeddedDatabase(EmbeddedPostgres server) {
        this.server = server;
    }

    /**
     * Starts it. Blocks until it answers.
     *
     * @throws StartupFailure if it does not start
     */
    static EmbeddedDatabase start(DatabaseProperties properties) {
        return properties.ephemeral() ? ephemeral(properties) : kept(properties);
    }

    private static EmbeddedDatabase ephemeral(DatabaseProperties properties) {
        refuseTakenPort(properties.port());
        EmbeddedPostgres.Builder builder = builder(properties)
                .setCleanDataDirectory(true)
                .setServerConfig("fsync", "off")
                .setOutputRedirector(Redirect.DISCARD);
        return start(builder, "perigee.home.database.ephemeral=true");
    }

    private static EmbeddedDatabase kept(DatabaseProperties properties) {
        Path directory = properties.dataDirectory().toAbsolutePath().normalize();
        Path pgData = directory.resolve("postgres");
        Path logFile = directory.resolve("postgres.log");
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new StartupFailure("Cannot create " + directory + ": " + e, e);
        }
        LeftoverPostmaster.stop(pgData);
        refuseTakenPort(properties.port());
        EmbeddedPostgres.Builder builder = builder(properties)
                .setCleanDataDirectory(false)
                .setDataDirectory(pgData)
                // The library asks for fsync=off; the last word on the command line counts.
                .setServerConfig("fsync", "on")
                .setOutputRedirector(Redirect.appendTo(logFile.toFile()));
        return start(builder, "its log is " + logFile);
    }

    private static EmbeddedPostgres.Builder builder(DatabaseProperties properties) {
        return EmbeddedPostgres.builder()
                .setPort(properties.port())
                .setRegisterShutdownHook(false)
                .setPGStartupWait(START_WAIT)
                .setServerConfig("listen_addresses", "localhost")
                .setServerConfig("unix_socket_directories", "")
                // The library turns it off; commits would then be decoded up to 0.6 s late.
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("wal_level", "logical")
                .setServerConfig("max_wal_senders", "10")
                .setServerConfig("max_replication_slots", "10")
                .setServerConfig("max_connections", "100");
    }

    private static EmbeddedDatabase start(EmbeddedPostgres.Builder builder, String whereToLook) {
        try {
            EmbeddedDatabase database = new EmbeddedDatabase(builder.start());
            int port = database.server.getPort();
            log.info(
                    "Embedded PostgreSQL: psql postgresql://{}@localhost:{}/{}  (JDBC: {})",
                    USER,
                    port,
                    DATABASE,
                    database.server.getJdbcUrl(USER, DATABASE));
            return database;
        } catch (IOException | RuntimeException | ExceptionInInitializerError e) {
            throw new StartupFailure(
                    "The embedded PostgreSQL did not start (" + e.getMessage() + "); " + whereToLook, e);
        }
    }

    private static void refuseTakenPort(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new StartupFailure(
                    "Port " + port + " is taken: set perigee.home.database.port to a free one, or to 0 for any.", e);
        }
    }

    /** How to connect to it. */
    ConnectionFactoryOptions options() {
        return ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "postgresql")
                .option(ConnectionFactoryOptions.HOST, "localhost")
                .option(ConnectionFactoryOptions.PORT, server.getPort())
                .option(ConnectionFactoryOptions.USER, USER)
                .option(ConnectionFactoryOptions.DATABASE, DATABASE)
                .build();
    }

    /** Stops it, in mode fast: open sessions are ended, nothing committed is lost. */
    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            log.warn("The embedded PostgreSQL did not stop cleanly: {}", e.getMessage());
        }
    }
}

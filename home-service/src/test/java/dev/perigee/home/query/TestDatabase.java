package dev.perigee.home.query;

import dev.perigee.home.wal.Epoch;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Mono;

/** One PostgreSQL for all tests of this package, each class in a database of its own. */
final class TestDatabase implements AutoCloseable {

    private static final EmbeddedPostgres SERVER = start();

    private final String name;
    private final ConnectionPool pool;

    /** Creates the database and runs the script in it. */
    TestDatabase(String name, String script) {
        this.name = name;
        try (Connection admin = DriverManager.getConnection(SERVER.getJdbcUrl("postgres", "postgres"));
                Statement statement = admin.createStatement()) {
            statement.execute("create database " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        execute(script);
        this.pool = pool(4);
    }

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setPGStartupWait(Duration.ofSeconds(60))
                    .setServerConfig("wal_level", "logical")
                    .setServerConfig("fsync", "off")
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of the server. */
    static String epoch() {
        PostgresqlConnectionFactory factory =
                new PostgresqlConnectionFactory(PostgresqlConnectionConfiguration.builder()
                        .host("127.0.0.1")
                        .port(SERVER.getPort())
                        .username("postgres")
                        .database("postgres")
                        .build());
        return Mono.usingWhen(factory.create(), Epoch::read, PostgresqlConnection::close)
                .block(Duration.ofSeconds(60))
                .name();
    }

    ConnectionPool pool() {
        return pool;
    }

    ConnectionPool pool(int size) {
        return pool(size, "postgres");
    }

    ConnectionPool pool(int size, String user) {
        PostgresqlConnectionFactory factory =
                new PostgresqlConnectionFactory(PostgresqlConnectionConfiguration.builder()
                        .host("127.0.0.1")
                        .port(SERVER.getPort())
                        .username(user)
                        .database(name)
                        .preparedStatementCacheQueries(0)
                        .build());
        return new ConnectionPool(ConnectionPoolConfiguration.builder(factory)
                .initialSize(0)
                .maxSize(size)
                .maxAcquireTime(Duration.ofSeconds(5))
                .build());
    }

    Connection jdbc() throws SQLException {
        return DriverManager.getConnection(SERVER.getJdbcUrl("postgres", name));
    }

    /** Runs SQL around everything of ours. */
    void execute(String script) {
        try (Connection connection = jdbc();
                Statement statement = connection.createStatement()) {
            statement.execute(script);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first column of a query's rows. */
    List<String> column(String sql) {
        try (Connection connection = jdbc();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> values = new ArrayList<>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        pool.dispose();
    }
}

package dev.perigee.edge.pgwire;

import dev.perigee.testing.DataDirectories;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** A PostgreSQL for one test class. */
final class Postgres implements AutoCloseable {

    private final EmbeddedPostgres server;

    /** Settings are pairs of name and value. */
    Postgres(Path directory, String... settings) {
        DataDirectories.fill(directory);
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(directory)
                .setCleanDataDirectory(false)
                .setPGStartupWait(Duration.ofSeconds(60))
                .setServerConfig("unix_socket_directories", "");
        for (int i = 0; i < settings.length; i += 2) {
            builder.setServerConfig(settings[i], settings[i + 1]);
        }
        try {
            server = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** With TLS: everybody may do without, but {@code tls_only}, and with, but {@code plain_only}. */
    static Postgres withTls(Path directory, TestCertificates certificates, String name) throws Exception {
        Path data = directory.resolve("with-tls");
        Postgres postgres = new Postgres(
                data,
                "ssl",
                "on",
                "ssl_cert_file",
                certificates.certificatePem(name).toString(),
                "ssl_key_file",
                certificates.keyPem(name).toString(),
                "ssl_ca_file",
                certificates.authorityPem().toString());
        postgres.run("CREATE ROLE tls_only LOGIN", "CREATE ROLE plain_only LOGIN", "CREATE ROLE certified LOGIN");
        Files.writeString(data.resolve("pg_hba.conf"), """
                hostnossl all tls_only   all reject
                hostssl   all plain_only all reject
                hostssl   all certified  all cert
                host      all all        all trust
                """);
        postgres.run("SELECT pg_reload_conf()");
        return postgres;
    }

    int port() {
        return server.getPort();
    }

    void run(String... statements) throws SQLException {
        try (Connection connection = connect(port(), "postgres");
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    List<String> ask(String sql) throws SQLException {
        try (Connection connection = connect(port(), "postgres")) {
            return ask(connection, sql);
        }
    }

    /** The first column. */
    static List<String> ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> values = new ArrayList<>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        }
    }

    /** With pgjdbc, without TLS; settings are pairs of name and value. */
    static Connection connect(int port, String user, String... settings) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("sslmode", "disable");
        properties.setProperty("connectTimeout", "10");
        properties.setProperty("socketTimeout", "30");
        for (int i = 0; i < settings.length; i += 2) {
            properties.setProperty(settings[i], settings[i + 1]);
        }
        return DriverManager.getConnection("jdbc:postgresql://localhost:" + port + "/postgres", properties);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}

package dev.perigee.home.database;

import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The database, beyond what {@code spring.r2dbc.*} says. The first three concern the embedded PostgreSQL alone.
 *
 * @param dataDirectory where the embedded PostgreSQL keeps its data and its log between runs
 * @param ephemeral whether the embedded PostgreSQL works in a temporary directory that is gone when home exits
 * @param port of the embedded PostgreSQL, on loopback; 0 for any that is free
 * @param connectTimeout how long connecting to the database may take
 * @param adminTimeout how long one of home's own statements (catalog, publication) may take
 * @param publicationRefresh how often the publication is compared with the catalog, beside after every DDL
 */
@ConfigurationProperties("perigee.home.database")
public record DatabaseProperties(
        @DefaultValue("./data") Path dataDirectory,
        @DefaultValue("false") boolean ephemeral,
        @DefaultValue("0") int port,
        @DefaultValue("5s") Duration connectTimeout,
        @DefaultValue("10s") Duration adminTimeout,
        @DefaultValue("30s") Duration publicationRefresh) {

    public DatabaseProperties {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("perigee.home.database.port must be 0 to 65535");
        }
        if (!positive(connectTimeout) || !positive(adminTimeout) || !positive(publicationRefresh)) {
            throw new IllegalArgumentException("the times of perigee.home.database must be more than 0");
        }
    }

    private static boolean positive(Duration duration) {
        return !duration.isZero() && !duration.isNegative();
    }
}

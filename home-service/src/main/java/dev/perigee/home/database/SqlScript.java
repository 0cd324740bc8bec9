package dev.perigee.home.database;

import io.r2dbc.spi.Connection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import reactor.core.publisher.Mono;

/**
 * Statements that come with home, and what tells them from another release's.
 *
 * @param text the statements
 * @param fingerprint printable, without quotes: what they create carries it as a comment
 */
record SqlScript(String text, String fingerprint) {

    /** Reads a resource of this package. */
    static SqlScript read(String name) {
        try (InputStream in = Objects.requireNonNull(SqlScript.class.getResourceAsStream(name))) {
            byte[] bytes = in.readAllBytes();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return new SqlScript(
                    new String(bytes, StandardCharsets.UTF_8),
                    "perigee " + HexFormat.of().formatHex(digest, 0, 8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Whether what this release creates is there.
     *
     * @param present a query for one boolean, in which {@code $1} is the fingerprint
     */
    Mono<Boolean> isInstalled(Connection connection, String present) {
        return Sql.query(connection, present, row -> Boolean.TRUE.equals(row.get(0, Boolean.class)), fingerprint)
                .single();
    }

    /**
     * Runs statements unless what they create is there, in one transaction.
     *
     * @param lock an advisory lock, so that homes that start together do not do it twice
     * @param present as for {@link #isInstalled}
     * @param statements this script, with what leaves the fingerprint
     */
    Mono<Void> install(Connection connection, long lock, String present, String statements) {
        return Sql.transaction(
                connection,
                Sql.query(connection, "SELECT pg_advisory_xact_lock($1)", row -> true, lock)
                        .then(isInstalled(connection, present))
                        .flatMap(there -> there ? Mono.empty() : Sql.execute(connection, statements)));
    }
}

package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What a client hears through an edge is, byte for byte, what it hears from the server: first when everything has to be
 * fetched, and again when much of it comes from memory. What may differ is {@link PgDifference}.
 */
@ExtendWith(PgWire.class)
class PgWireDifferentialTest {

    private static final String DATABASE = "postgres";
    private static final String SCRAM = "diff_scram";
    private static final int SEEDS = 40 * Integer.getInteger("tests.depth", 1);
    private static final int MANY_SEEDS = 200;
    /** Of the statements that are sent again; most sessions made up from seeds are in no state to be served. */
    private static final double FAIR_SHARE = 0.12;

    private final PgDifferential differential = differential();

    @BeforeAll
    static void createSchema() {
        differential().createSchema();
    }

    private static PgDifferential differential() {
        return new PgDifferential(PgWire.postgres().port(), PgWire.port("edge-1"), DATABASE, PgWire::hits);
    }

    @AfterEach
    void nothingDiffers() {
        System.out.println("Differential: " + differential.figures());
        assertThat(differential.found()).as(differential.figures()).isEmpty();
    }

    @Test
    void anEdgeSaysByteForByteWhatTheServerSays() throws Exception {
        differential.scripts();
        differential.random(Long.getLong("tests.seed", 1), SEEDS);
        requirePassword(PgWire.postgres());
        differential.startups(SCRAM);
        assertThat(differential.hitShare()).as(differential.figures()).isGreaterThan(FAIR_SHARE);
    }

    @Test
    @Tag("long")
    void anEdgeSaysByteForByteWhatTheServerSaysAlsoOfManySeeds() {
        differential.random(1_000_000, MANY_SEEDS);
    }

    /** Of one user; the others are trusted. */
    private static void requirePassword(Postgres postgres) throws Exception {
        Path rules = Path.of(postgres.query("SHOW hba_file"));
        List<String> before = Files.readAllLines(rules);
        Files.writeString(rules, "host all " + SCRAM + " all scram-sha-256\nhost all diff_clear all password\n");
        Files.write(rules, before, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
        postgres.sql(
                "CREATE ROLE " + SCRAM + " LOGIN PASSWORD 'secret'",
                "CREATE ROLE diff_clear LOGIN PASSWORD 'secret'",
                "SELECT pg_reload_conf()");
    }
}

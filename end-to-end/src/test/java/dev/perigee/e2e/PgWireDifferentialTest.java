package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What a client hears through an edge is, byte for byte, what it hears from the server: first when everything has to be
 * fetched, and again when much of it comes from memory. What may differ is {@link PgDifference}.
 */
class PgWireDifferentialTest {

    private static final String DATABASE = "postgres";
    private static final String SCRAM = "diff_scram";
    private static final int SEEDS = 40 * Integer.getInteger("tests.depth", 1);
    private static final int MANY_SEEDS = 200;
    /** Of the statements that are sent again; most sessions made up from seeds are in no state to be served. */
    private static final double FAIR_SHARE = 0.12;

    @Test
    void anEdgeSaysByteForByteWhatTheServerSays() throws Exception {
        compare(Long.getLong("tests.seed", 1), SEEDS);
    }

    @Test
    @Tag("long")
    void anEdgeSaysByteForByteWhatTheServerSaysAlsoOfManySeeds() throws Exception {
        compare(1_000_000, MANY_SEEDS);
    }

    private static void compare(long firstSeed, int seeds) throws Exception {
        try (Postgres postgres = Postgres.start(Map.of("wal_level", "logical", "fsync", "off"))) {
            try (Fleet fleet = new Fleet(postgres)) {
                fleet.launchHome(Fleet.HOME);
                int port = Ports.free();
                fleet.startEdge(
                        "edge-1",
                        "--perigee.edge.pgwire.port=" + port,
                        "--perigee.edge.pgwire.upstream=127.0.0.1:" + postgres.port(),
                        "--perigee.edge.pgwire.allow-trust=true");
                PgDifferential differential = new PgDifferential(
                        postgres.port(),
                        port,
                        DATABASE,
                        () -> Fleet.metric(fleet.edge("edge-1"), "perigee_edge_hits_total", "protocol=\"pgwire\""));
                differential.run(firstSeed, seeds);
                requirePassword(postgres);
                differential.startups(SCRAM);
                System.out.println("Differential, seeds from " + firstSeed + ": " + differential.figures());
                assertThat(differential.found()).as(differential.figures()).isEmpty();
                assertThat(differential.hitShare()).as(differential.figures()).isGreaterThan(FAIR_SHARE);
            }
        }
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

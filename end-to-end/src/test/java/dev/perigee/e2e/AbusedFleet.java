package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** A home and an edge with low limits, to be reached. Whatever somebody does to them, the others must not notice. */
abstract class AbusedFleet {

    static final String READ = "SELECT n FROM fair WHERE id = 1";
    static final Duration PATIENCE = Duration.ofSeconds(40);
    static final int STRANGERS = 150;

    static Postgres postgres;
    static Fleet fleet;
    private static double attempts;

    final List<RawSocket> sockets = new ArrayList<>();

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql("CREATE TABLE fair (id int PRIMARY KEY, n int)", "INSERT INTO fair VALUES (1, 1)");
        fleet = new Fleet(postgres);
        String[] limits = {
            "--server.netty.idle-timeout=2s",
            "--perigee.web.request-timeout=2s",
            "--perigee.web.answer-timeout=2s",
            "--perigee.web.max-strangers=" + STRANGERS,
            "--perigee.security.guesses.refill=5s"
        };
        fleet.launchHome(
                Fleet.HOME,
                with(
                        limits,
                        "--perigee.home.query.statement-timeout=15s",
                        "--perigee.home.query.max-result-size=1MB",
                        "--perigee.home.edges.liveness=3s",
                        "--perigee.home.feed.heartbeat=500ms"));
        // Home closes what is idle for two seconds.
        fleet.launchEdge("edge-1", with(limits, "--perigee.edge.idle-timeout=500ms"));
        fleet.awaitListening(Fleet.HOME);
        fleet.awaitInStep("edge-1");
        fleet.warm("edge-1", READ);
        // Known from here, so that they are not taken for guesses.
        Http.get(fleet.home().resolve("/api/edge"), Fleet.ADMIN);
        Http.get(fleet.edge("edge-1").resolve("/api/cache"), Fleet.ADMIN);
        Http.query(fleet.home(), READ);
        for (URI service : both()) {
            Fleet.metric(service, "any", "");
        }
        attempts = attempts();
    }

    private static String[] with(String[] limits, String... more) {
        return Stream.of(limits, more).flatMap(Stream::of).toArray(String[]::new);
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
        } finally {
            postgres.close();
        }
    }

    @AfterEach
    void hangUp() {
        sockets.forEach(RawSocket::close);
        theOthersAreServed();
    }

    private static double attempts() {
        return Fleet.metric(fleet.edge("edge-1"), "perigee_edge_link_attempts_total", "");
    }

    static List<URI> both() {
        return List.of(fleet.home(), fleet.edge("edge-1"));
    }

    /** A read from memory, one from the database, a write, and the edge has never lost its stream. */
    static void theOthersAreServed() {
        assertThat(fleet.query("edge-1", READ).status()).isEqualTo(200);
        assertThat(fleet.query("edge-1", "UPDATE fair SET n = n + 1 WHERE id = 1")
                        .status())
                .isEqualTo(200);
        assertThat(Http.query(fleet.home(), READ).status()).isEqualTo(200);
        assertThat(Http.get(fleet.home().resolve("/actuator/health"), null).status())
                .isEqualTo(200);
        assertThat(attempts()).as("the edge has not lost its stream").isEqualTo(attempts);
    }

    RawSocket open(URI service) {
        RawSocket socket = new RawSocket(service);
        sockets.add(socket);
        return socket;
    }

    static String head(String line, String token, String more) {
        return line + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + (token == null ? "" : "Authorization: Bearer " + token + "\r\n") + more;
    }
}

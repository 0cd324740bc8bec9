package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.parallel.ExecutionMode.CONCURRENT;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a service says when it cannot do its work. Nothing is timed here, so two run at a time. */
@Tag("long")
class StartupTest {

    private static final Duration EXIT = Duration.ofSeconds(60);

    private static Postgres postgres;

    @BeforeAll
    static void start() throws IOException {
        postgres = Postgres.start();
    }

    @AfterAll
    static void stop() throws IOException {
        postgres.close();
    }

    @Test
    @Execution(CONCURRENT)
    void homeNamesEverythingTheDatabaseLacks() throws Exception {
        try (Postgres replica = Postgres.start(Map.of("wal_level", "replica"))) {
            replica.sql("CREATE ROLE weak LOGIN");
            try (Fleet fleet = new Fleet(replica).withoutBlockHound()) {
                ServiceProcess home = fleet.launchHome(Fleet.HOME, "--spring.r2dbc.username=weak");
                assertThat(home.awaitExit(EXIT)).isNotZero();
                assertThat(home.log())
                        .contains("ALTER SYSTEM SET wal_level")
                        .contains("ALTER ROLE weak REPLICATION")
                        .doesNotContain("\tat ");
            }
        }
    }

    @Test
    @Execution(CONCURRENT)
    void homeSaysThatTheDatabaseCannotBeReached() throws Exception {
        try (Fleet fleet = new Fleet(postgres).withoutBlockHound()) {
            int closed = Ports.free();
            ServiceProcess home = fleet.launchHome(
                    Fleet.HOME, "--spring.r2dbc.url=r2dbc:postgresql://127.0.0.1:" + closed + "/postgres");
            assertThat(home.awaitExit(EXIT)).isNotZero();
            assertThat(home.log())
                    .contains("database cannot be reached")
                    .contains(String.valueOf(closed))
                    .doesNotContain("\tat ");
        }
    }

    @Test
    @Execution(CONCURRENT)
    void aPortThatIsTakenIsNamed() throws Exception {
        try (Fleet fleet = new Fleet(postgres).withoutBlockHound();
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
            ServiceProcess home = fleet.launchHome(Fleet.HOME, "--server.port=" + taken.getLocalPort());
            assertThat(home.awaitExit(EXIT)).isNotZero();
            assertThat(home.log())
                    .contains(String.valueOf(taken.getLocalPort()))
                    .contains("already in use")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    @Execution(CONCURRENT)
    void anEdgeWaitsForItsHomeAndSaysSo() throws Exception {
        try (Fleet fleet = new Fleet(postgres).withoutBlockHound()) {
            ServiceProcess edge = fleet.launchEdge("edge-1");
            edge.await(
                    "it says that it waits",
                    // Three more services start beside it.
                    Duration.ofSeconds(60),
                    () -> edge.log().contains("home cannot be reached"));
            fleet.awaitListening("edge-1");
            assertThat(edge.log()).contains("127.0.0.1:" + fleet.port(Fleet.HOME));
            assertThat(fleet.query("edge-1", "SELECT 1").code()).isEqualTo("home-unreachable");
            fleet.startHome();
            fleet.awaitInStep("edge-1");
            fleet.warm("edge-1", "SELECT 1");
        }
    }

    @ParameterizedTest
    @Execution(CONCURRENT)
    @CsvSource(
            delimiter = '|',
            value = {
                "--perigee.edge.id=no/id                    | perigee.edge.id must match",
                "--perigee.security.tokens[0].name=nameless | token nameless needs either sha256 or value",
                "--perigee.edge.max-stalness=5s             | did you mean perigee.edge.max-staleness?",
            })
    void aWrongSettingIsNamedInALine(String argument, String said) throws Exception {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String given : List.of("--perigee.home-url=http://127.0.0.1:1", "--perigee.auth-token=t", argument)) {
            settings.put(given.substring(0, given.indexOf('=')), given);
        }
        try (ServiceProcess edge = edge(settings.values().toArray(String[]::new))) {
            assertThat(edge.awaitExit(EXIT)).isNotZero();
            assertThat(edge.log()).contains(said).doesNotContain("\tat ");
        }
    }

    private static ServiceProcess edge(String... arguments) throws IOException {
        return ServiceProcess.start(
                "edge-wrong",
                Jars.runnable("edge-service"),
                Files.createTempDirectory("perigee-wrong"),
                Map.of(),
                Stream.concat(Jars.QUICK.stream(), Jars.archive("edge-service").stream())
                        .toList(),
                List.of(arguments));
    }

    @Test
    @Execution(CONCURRENT)
    void anEdgeWithoutItsSettingsNamesThem() throws Exception {
        try (ServiceProcess edge = edge("--server.port=" + Ports.free())) {
            assertThat(edge.awaitExit(EXIT)).isNotZero();
            assertThat(edge.log()).contains("perigee.home-url").doesNotContain("\tat ");
        }
    }

    @Test
    @Execution(CONCURRENT)
    void thePackagedJarsRunAlone() throws IOException {
        for (String module : List.of("home-service", "edge-service")) {
            assertThat(Jars.packaged(module)).exists();
        }
        int port = Ports.free();
        try (ServiceProcess home = ServiceProcess.start(
                "home-alone",
                Jars.packaged("home-service"),
                Files.createTempDirectory("perigee-alone"),
                Map.of(),
                Jars.QUICK,
                List.of("--server.port=" + port, "--perigee.home.database.ephemeral=true"))) {
            home.awaitListening(URI.create("http://127.0.0.1:" + port));
            assertThat(home.log()).contains("ADMIN");
        }
    }
}

package dev.perigee.home.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreflightTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private static List<String> problems(ServerConnections connections) {
        Throwable failure =
                catchThrowable(() -> new Preflight(connections).check().block(TIMEOUT));
        return failure == null ? List.of() : ((StartupFailure) failure).lines();
    }

    @Test
    void passesAServerThatHasEverything() {
        try (TestServer server = TestServer.start()) {
            assertThat(problems(server.connections())).isEmpty();
            server.publication().refresh().block(TIMEOUT);
            assertThat(problems(server.connections())).isEmpty();
        }
    }

    @Test
    void namesEverythingThatIsMissingAtOnceWithTheStatementThatMendsIt() {
        try (TestServer server = TestServer.start("wal_level", "replica")) {
            server.run("CREATE ROLE app LOGIN");
            assertThat(problems(server.connections("app")))
                    .containsExactly(
                            "wal_level is replica: ALTER SYSTEM SET wal_level = 'logical'; and restart the server.",
                            "Role app may not replicate: ALTER ROLE app REPLICATION;",
                            "Role app may not create the publication: GRANT CREATE ON DATABASE postgres TO app;");
        }
    }

    @Test
    void onAmazonRdsAMemberOfItsRoleMayReplicate() {
        try (TestServer server = TestServer.start()) {
            server.run(
                    "CREATE ROLE rds_replication", "CREATE ROLE app LOGIN", "GRANT CREATE ON DATABASE postgres TO app");
            assertThat(problems(server.connections("app")))
                    .containsExactly("Role app may not replicate: GRANT rds_replication TO app;");
            server.run("GRANT rds_replication TO app");
            // Whether it is true, the connection says; of this server it is not.
            assertThat(problems(server.connections("app")))
                    .singleElement()
                    .asString()
                    .startsWith("A replication connection is refused (");
        }
    }

    @Test
    void refusesAPublicationThatLeavesSomethingOut() {
        try (TestServer server = TestServer.start()) {
            server.run(
                    "CREATE TABLE t (id int PRIMARY KEY)",
                    "CREATE PUBLICATION perigee FOR TABLE t WHERE (id > 1)"
                            + " WITH (publish = 'insert', publish_via_partition_root = true)");
            assertThat(problems(server.connections())).hasSize(3).allMatch(line -> line.contains("ALTER PUBLICATION"));
            server.run(
                    "ALTER PUBLICATION perigee SET (publish = 'insert, update, delete, truncate')",
                    "ALTER PUBLICATION perigee SET (publish_via_partition_root = false)",
                    "ALTER PUBLICATION perigee DROP TABLE public.t");
            assertThat(problems(server.connections())).isEmpty();
        }
    }

    @Test
    void saysSoWhenNobodyAnswers() {
        TestServer server = TestServer.start();
        ServerConnections connections = server.connections();
        server.close();
        assertThat(problems(connections)).singleElement().asString().startsWith("The database cannot be reached (");
    }
}

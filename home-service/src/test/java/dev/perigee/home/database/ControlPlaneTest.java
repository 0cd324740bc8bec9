package dev.perigee.home.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

class ControlPlaneTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private static final String OBJECTS = """
            SELECT oid || ' ' || xmin FROM pg_class WHERE relnamespace = 'perigee'::regnamespace
            UNION ALL SELECT oid || ' ' || xmin FROM pg_proc WHERE pronamespace = 'perigee'::regnamespace
            UNION ALL SELECT oid || ' ' || xmin FROM pg_trigger
             WHERE tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'perigee'::regnamespace) ORDER BY 1""";

    private static void install(ServerConnections connections) {
        new ControlPlane(connections).install().block(TIMEOUT);
    }

    private static List<String> problems(ServerConnections connections) {
        try {
            new Preflight(connections).check().block(TIMEOUT);
            return List.of();
        } catch (StartupFailure failure) {
            return failure.lines();
        }
    }

    @Test
    void isInstalledOnceHoweverManyHomesStart() {
        try (TestServer server = TestServer.start()) {
            server.installTrigger();
            Flux.range(0, 4)
                    .flatMap(i -> new ControlPlane(server.connections()).install())
                    .blockLast(TIMEOUT);
            List<String> installed = server.ask(OBJECTS);
            assertThat(installed).hasSizeGreaterThan(8);
            install(server.connections());
            assertThat(server.ask(OBJECTS)).isEqualTo(installed);

            server.run("COMMENT ON TABLE perigee.edge_eligibility IS 'perigee of old'");
            server.run("INSERT INTO perigee.edge_eligibility VALUES ('kept', true)");
            install(server.connections());
            assertThat(server.ask(OBJECTS)).isNotEqualTo(installed);
            assertThat(server.ask("SELECT edge_id FROM perigee.edge_eligibility"))
                    .containsExactly("kept");
        }
    }

    @Test
    void rowsAreNumberedAndChecked() {
        try (TestServer server = TestServer.start()) {
            install(server.connections());
            server.run("INSERT INTO perigee.edge_eligibility (edge_id, enabled, revision) VALUES ('a', true, 1)");
            long first = revision(server);
            assertThat(first).isGreaterThan(1_000_000_000_000_000L);
            server.run("UPDATE perigee.edge_eligibility SET enabled = false, revision = 3");
            assertThat(revision(server)).isGreaterThan(first);
            for (String row : List.of(
                    "('', true)",
                    "('-a', true)",
                    "('prune', true)",
                    "('b', null)",
                    "('b', true, 0)",
                    "('b', true, 1, 0)",
                    "('b', true, 1, 1, -1)",
                    "('b', true, 1, 1, 1, ' ')",
                    "('b', true, 1, 1, 1, E'a\\u0007')",
                    "('b', true, 1, 1, 1, repeat('x', 65))")) {
                assertThatThrownBy(() -> server.run("INSERT INTO perigee.edge_eligibility VALUES " + row))
                        .as(row)
                        .hasMessageContaining("constraint");
            }
        }
    }

    private static long revision(TestServer server) {
        return Long.parseLong(
                server.ask("SELECT revision FROM perigee.edge_eligibility").get(0));
    }

    @Test
    void aRoleThatLacksAPrivilegeIsToldTheStatementThatGrantsIt() {
        try (TestServer server = TestServer.start()) {
            server.run("CREATE ROLE app LOGIN REPLICATION", "CREATE PUBLICATION perigee");
            server.publication().refresh().block(TIMEOUT);
            assertThat(problems(server.connections("app")))
                    .containsExactly("Role app may not create the schema perigee: GRANT CREATE ON DATABASE postgres TO"
                            + " app;");
            server.run("CREATE SCHEMA perigee");
            assertThat(problems(server.connections("app")))
                    .containsExactly(
                            "Role app may not create tables in the schema perigee: GRANT USAGE, CREATE ON SCHEMA"
                                    + " perigee TO app;");
            server.run("GRANT USAGE, CREATE ON SCHEMA perigee TO app");
            assertThat(problems(server.connections("app"))).isEmpty();
            install(server.connections());
            assertThat(problems(server.connections("app")))
                    .containsExactly("Role app may not write the tables of the schema perigee: GRANT USAGE ON SCHEMA"
                            + " perigee TO app; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA perigee"
                            + " TO app;");
            server.run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA perigee TO app");
            assertThat(problems(server.connections("app"))).isEmpty();
            install(server.connections("app"));
        }
    }

    @Test
    void isNeitherPublishedNorReportedAsUnpublished() {
        try (TestServer server = TestServer.start()) {
            install(server.connections());
            server.run("CREATE TABLE t (id int PRIMARY KEY)");
            Publication publication = server.publication();
            publication.refresh().block(TIMEOUT);
            assertThat(publication.lastSeen()).extracting(TableStatus::name).containsExactly("public.t");
            assertThat(server.ask("SELECT schemaname FROM pg_publication_tables"))
                    .containsExactly("public");
        }
    }
}

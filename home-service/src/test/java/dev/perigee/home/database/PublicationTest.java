package dev.perigee.home.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PublicationTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void dropEverything() {
        server.run("DROP PUBLICATION IF EXISTS perigee", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public");
    }

    private static List<TableStatus> refresh() {
        Publication publication = server.publication();
        publication.refresh().block(TIMEOUT);
        return publication.lastSeen();
    }

    private static TableStatus status(String name) {
        return refresh().stream()
                .filter(table -> table.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void publishesWhatHasAUsableReplicaIdentity() {
        server.run(
                "CREATE TABLE keyed (id int PRIMARY KEY)",
                "CREATE TABLE \"Full\" (id int)",
                "ALTER TABLE \"Full\" REPLICA IDENTITY FULL",
                "CREATE TABLE indexed (id int NOT NULL UNIQUE)",
                "ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_id_key");
        assertThat(refresh())
                .extracting(TableStatus::name, TableStatus::published)
                .contains(
                        org.assertj.core.groups.Tuple.tuple("public.keyed", true),
                        org.assertj.core.groups.Tuple.tuple("public.\"Full\"", true),
                        org.assertj.core.groups.Tuple.tuple("public.indexed", true));
    }

    @Test
    void reportsTheRestWithTheStatementThatMendsIt() {
        server.run(
                "CREATE TABLE bare (id int)",
                "CREATE UNLOGGED TABLE fast (id int PRIMARY KEY)",
                "CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE)");
        assertThat(status("public.bare").reason()).isEqualTo("no-replica-identity");
        assertThat(status("public.fast").reason()).isEqualTo("unlogged");
        assertThat(status("public.deferred").reason()).isEqualTo("no-replica-identity");
        server.run(status("public.bare").statement(), status("public.fast").statement());
        server.run(status("public.deferred").statement());
        assertThat(refresh()).allMatch(TableStatus::published);
        server.run("INSERT INTO deferred VALUES (1)", "UPDATE deferred SET id = 2", "UPDATE bare SET id = 2");
    }

    @Test
    void takesOutATableThatLostItsIdentitySoThatUpdatesGoOn() {
        server.run("CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)");
        assertThat(status("public.t").published()).isTrue();
        server.run("ALTER TABLE t DROP CONSTRAINT t_pkey");
        assertThat(status("public.t").published()).isFalse();
        server.run("UPDATE t SET id = 2");
    }

    @Test
    void publishesPartitionedTablesByTheirRootAndLeavesBadOnesOut() {
        server.run(
                "CREATE TABLE good (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE good_1 PARTITION OF good FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE keyless (id int) PARTITION BY RANGE (id)",
                "CREATE TABLE unsafe (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE UNLOGGED TABLE unsafe_1 PARTITION OF unsafe FOR VALUES FROM (0) TO (10)");
        assertThat(refresh())
                .extracting(TableStatus::name, TableStatus::reason)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("public.good", null),
                        org.assertj.core.groups.Tuple.tuple("public.keyless", "no-replica-identity"),
                        org.assertj.core.groups.Tuple.tuple("public.unsafe", "partition-without-replica-identity"));
    }

    @Test
    void childrenByInheritanceSpeakForThemselves() {
        server.run("CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE child () INHERITS (parent)");
        assertThat(status("public.parent").published()).isTrue();
        assertThat(status("public.child").published()).isFalse();
        server.run("INSERT INTO child VALUES (1)", "UPDATE child SET id = 2");
    }

    @Test
    void waitsForTheWritersOfATableBeforeItIsPublished() throws Exception {
        server.run("CREATE TABLE t (id int PRIMARY KEY)");
        try (Connection writer = server.connect();
                Statement statement = writer.createStatement()) {
            writer.setAutoCommit(false);
            statement.execute("INSERT INTO t VALUES (1)");
            assertThat(status("public.t").reason()).isEqualTo("pending");
            writer.commit();
        }
        assertThat(status("public.t").published()).isTrue();
    }

    @Test
    void saysWhatToDoAboutAnOwnTableInThePublicationOfAnother() {
        server.run(
                "DROP ROLE IF EXISTS modest",
                "CREATE ROLE modest LOGIN REPLICATION",
                "CREATE TABLE own (id int PRIMARY KEY)",
                "ALTER TABLE own OWNER TO modest",
                "DROP PUBLICATION IF EXISTS perigee",
                "CREATE PUBLICATION perigee");
        Publication publication = new Publication(server.connections("modest"), TIMEOUT);
        publication.refresh().block(TIMEOUT);
        TableStatus status = publication.lastSeen().get(0);
        assertThat(status.reason()).isEqualTo("publication-not-owned");
        server.run(status.statement());
        publication.refresh().block(TIMEOUT);
        assertThat(publication.lastSeen()).allMatch(TableStatus::published);
        server.run("DROP PUBLICATION perigee", "DROP OWNED BY modest", "DROP ROLE modest");
    }

    @Test
    void reportsTablesOfOthers() {
        server.run(
                "DROP ROLE IF EXISTS modest",
                "CREATE ROLE modest LOGIN REPLICATION",
                "GRANT CREATE ON DATABASE postgres TO modest",
                "CREATE TABLE theirs (id int PRIMARY KEY)");
        Publication publication = new Publication(server.connections("modest"), TIMEOUT);
        publication.refresh().block(TIMEOUT);
        TableStatus status = publication.lastSeen().get(0);
        assertThat(status.reason()).isEqualTo("not-owner");
        server.run(status.statement());
        publication.refresh().block(TIMEOUT);
        assertThat(publication.lastSeen()).allMatch(TableStatus::published);
        server.run("DROP PUBLICATION perigee", "DROP OWNED BY modest", "DROP ROLE modest");
    }
}

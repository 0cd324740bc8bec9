package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is written is read, by whoever wrote it at once, by others soon, and never again as it was. */
@ExtendWith(PgWire.class)
class PgWireCoherenceTest {

    private static final int OFTEN = 60;

    private final Postgres postgres = PgWire.postgres();
    private String table;
    private String read;

    @BeforeEach
    void create(TestInfo test) throws SQLException {
        table = test.getTestMethod().orElseThrow().getName().toLowerCase(Locale.ROOT);
        read = "SELECT n FROM " + table + " WHERE id = 1";
        postgres.sql(
                "CREATE TABLE " + table + " (id int PRIMARY KEY, n int)",
                "INSERT INTO " + table + " VALUES (1, 0), (2, 0)",
                "CREATE FUNCTION write_" + table + "(int) RETURNS int LANGUAGE sql AS 'UPDATE " + table
                        + " SET n = $1 WHERE id = 1 RETURNING n'");
    }

    private String update(int n) {
        return "UPDATE " + table + " SET n = " + n + " WHERE id = 1";
    }

    @Test
    void aSessionReadsWhatItWrote() {
        try (PgFrontend session = PgWire.session("postgres");
                PgFrontend warmer = PgWire.session("postgres")) {
            PgWire.warm(session, read);
            int n = 0;
            for (int i = 0; i < OFTEN; i++) {
                n++;
                session.simple(update(n));
                see(session, n);
                // Another session brings what it reads into memory, and that must not be the old row.
                warmer.simple(read);
                n++;
                session.extended("UPDATE " + table + " SET n = $1::int WHERE id = 1", "" + n);
                see(session, n);
                n++;
                session.extended("SELECT write_" + table + "($1::int)", "" + n);
                see(session, n);
                warmer.extended(read);
                n++;
                session.simple("DO $$ BEGIN PERFORM write_" + table + "(" + n + "); END $$");
                see(session, n);
                n++;
                session.simple("BEGIN");
                session.simple(update(n));
                see(session, n);
                session.simple("COMMIT");
                see(session, n);
                n++;
                session.simple("SELECT write_" + table + "(" + n + "); SELECT 1");
                see(session, n);
            }
            PgWire.warm(session, read);
            see(session, n);
        }
    }

    private void see(PgFrontend session, int n) {
        assertThat(session.simple(read)).containsExactly("" + n);
        assertThat(session.extended(read)).containsExactly("" + n);
    }

    @Test
    void whatOthersWriteShowsSoonAndStays() throws Exception {
        try (PgFrontend session = PgWire.session("postgres")) {
            for (int i = 1; i <= 10; i++) {
                String n = "" + i;
                PgWire.warm(session, read);
                postgres.sql(update(i));
                await().atMost(PgWire.SOON)
                        .pollInterval(Duration.ofMillis(2))
                        .until(() -> session.simple(read).equals(List.of(n)));
                see(session, i);
            }
        }
    }

    @Test
    void inATransactionBlockNothingComesFromMemory() throws Exception {
        try (PgFrontend session = PgWire.session("postgres")) {
            for (String begin : new String[] {"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION"}) {
                PgWire.warm(session, read);
                String now = session.simple(read).get(0);
                double before = PgWire.hits();
                session.simple(begin);
                for (int i = 0; i < 10; i++) {
                    assertThat(session.simple(read)).containsExactly(now);
                    assertThat(session.extended(read)).containsExactly(now);
                }
                session.extended("UPDATE " + table + " SET n = n + 1 WHERE id = 1");
                assertThat(session.extended(read)).containsExactly("" + (Integer.parseInt(now) + 1));
                assertThat(session.error(PgMessages.query("SELECT 1/0"))).isEqualTo("22012");
                for (int i = 0; i < 5; i++) {
                    assertThat(session.error(PgMessages.query(read))).isEqualTo("25P02");
                    assertThat(session.error(PgMessages.extended(read))).isEqualTo("25P02");
                }
                session.simple("ROLLBACK");
                assertThat(PgWire.hits()).isEqualTo(before);
                see(session, Integer.parseInt(now));
            }
        }
    }

    @Test
    void whatWasReadOfAWriteThatIsRolledBackIsNotKept() {
        try (PgFrontend writer = PgWire.session("postgres");
                PgFrontend reader = PgWire.session("postgres")) {
            byte[] reading = PgMessages.all(
                    PgMessages.parse("", read),
                    PgMessages.bind("", ""),
                    PgMessages.describe('P', ""),
                    PgMessages.execute("", 0));
            PgWire.warm(reader, read);
            for (int i = 1; i <= 20; i++) {
                byte[] writing = PgMessages.all(
                        PgMessages.parse("", i % 2 == 0 ? update(99) : "SELECT write_" + table + "(99)"),
                        PgMessages.bind("", ""),
                        PgMessages.execute("", 0));
                byte[] failing = PgMessages.all(
                        PgMessages.parse("", "SELECT 1/0"), PgMessages.bind("", ""), PgMessages.execute("", 0));
                List<PgReply> replies = writer.send(reading, writing, reading, failing, PgMessages.sync())
                        .readCycles(1);
                assertThat(replies).filteredOn(reply -> reply.type() == 'E').hasSize(1);
                for (int j = 0; j < 3; j++) {
                    see(writer, 0);
                    see(reader, 0);
                }
            }
        }
    }

    /** As {@link FenceTest}: in the WAL, and decoded, but nobody can see it. */
    @Test
    void aRowReadWhileACommitIsHeldBackIsNotKept() throws Exception {
        try (PgFrontend session = PgWire.session("postgres");
                PgFrontend settings = PgFrontend.session(postgres.port(), "postgres", "postgres")) {
            PgWire.warm(session, read);
            settings.simple("SET synchronous_commit = local");
            settings.simple("ALTER SYSTEM SET synchronous_standby_names = 'missing'");
            settings.simple("SELECT pg_reload_conf()");
            await().atMost(PgWire.SOON)
                    .until(() ->
                            settings.simple("SHOW synchronous_standby_names").equals(List.of("missing")));
            PgFrontend writer = PgFrontend.session(postgres.port(), "postgres", "postgres");
            try {
                writer.send(PgMessages.query(update(1)));
                await("the commit waits for its standby")
                        .atMost(PgWire.SOON)
                        .until(() -> settings.simple(
                                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%"
                                                + table + "%'")
                                .equals(List.of("1")));
                await("it is decoded").atMost(PgWire.SOON).until(() -> {
                    session.simple(read);
                    return !session.last().equals("hit");
                });
                for (int i = 0; i < 20; i++) {
                    see(session, 0);
                    assertThat(session.last()).isNotEqualTo("hit");
                }
            } finally {
                settings.simple("ALTER SYSTEM RESET synchronous_standby_names");
                settings.simple("SELECT pg_reload_conf()");
                writer.readCycles(1);
                writer.close();
            }
            see(session, 1);
            PgWire.warm(session, read);
            see(session, 1);
        }
    }
}

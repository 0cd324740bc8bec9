package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The same text means different things to different sessions, and is allowed to some. */
@ExtendWith(PgWire.class)
class PgWireSecurityTest {

    private static final String DENIED = "42501";

    private final Postgres postgres = PgWire.postgres();

    @Test
    void rowsThatAPolicyHidesAreNeverShown() throws Exception {
        postgres.sql(
                "CREATE TABLE secret (id int PRIMARY KEY, owner text, note text)",
                "INSERT INTO secret VALUES (1, 'alice', 'of alice'), (2, 'bob', 'of bob')",
                "ALTER TABLE secret ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY own ON secret USING (owner = current_user)",
                "CREATE VIEW mine AS SELECT note FROM secret WHERE owner = session_user",
                "GRANT SELECT ON secret, mine TO alice, bob");
        try (PgFrontend alice = PgWire.session("alice");
                PgFrontend bob = PgWire.session("bob")) {
            for (int i = 0; i < 30; i++) {
                for (String sql : new String[] {"SELECT note FROM secret ORDER BY id", "SELECT note FROM mine"}) {
                    assertThat(alice.simple(sql)).containsExactly("of alice");
                    assertThat(bob.simple(sql)).containsExactly("of bob");
                    assertThat(bob.extended(sql)).containsExactly("of bob");
                    assertThat(alice.extended(sql)).containsExactly("of alice");
                }
            }
        }
    }

    @Test
    void policiesTakeEffectWhenTheyAreTurnedOn() throws Exception {
        postgres.sql(
                "CREATE TABLE opened (id int PRIMARY KEY)",
                "INSERT INTO opened VALUES (1)",
                "GRANT SELECT ON opened TO alice");
        String sql = "SELECT id FROM opened";
        try (PgFrontend alice = PgWire.session("alice")) {
            PgWire.warm(alice, sql);
            postgres.sql("ALTER TABLE opened ENABLE ROW LEVEL SECURITY");
            await().atMost(PgWire.SOON).until(() -> alice.simple(sql).isEmpty());
            for (int i = 0; i < 20; i++) {
                assertThat(alice.extended(sql)).isEmpty();
                assertThat(alice.simple(sql)).isEmpty();
            }
        }
    }

    @Test
    void whatIsRevokedIsRefusedThoughItIsInMemory() throws Exception {
        postgres.sql(
                "CREATE TABLE granted (id int PRIMARY KEY)",
                "INSERT INTO granted VALUES (1)",
                "GRANT SELECT ON granted TO alice, bob");
        String sql = "SELECT id FROM granted";
        try (PgFrontend alice = PgWire.session("alice");
                PgFrontend bob = PgWire.session("bob")) {
            PgWire.warm(alice, sql);
            PgWire.warm(bob, sql);
            postgres.sql("REVOKE SELECT ON granted FROM alice");
            await().atMost(PgWire.SOON)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> alice.error(PgMessages.query(sql)).equals(DENIED));
            PgWire.warm(bob, sql);
            for (int i = 0; i < 20; i++) {
                assertThat(alice.error(PgMessages.extended(sql))).isEqualTo(DENIED);
                assertThat(alice.error(PgMessages.query(sql))).isEqualTo(DENIED);
                assertThat(bob.extended(sql)).containsExactly("1");
            }
        }
    }

    @Test
    void rolesAndTheirColumnsAreKeptApart() throws Exception {
        postgres.sql(
                "CREATE TABLE columns (id int PRIMARY KEY, secret text)",
                "INSERT INTO columns VALUES (1, 'x')",
                "GRANT SELECT (id) ON columns TO alice");
        String open = "SELECT id FROM columns";
        String closed = "SELECT secret FROM columns";
        try (PgFrontend admin = PgWire.session("postgres");
                PgFrontend alice = PgWire.session("alice")) {
            PgWire.warm(admin, open);
            PgWire.warm(admin, closed);
            PgWire.warm(alice, open);
            for (int i = 0; i < 20; i++) {
                assertThat(alice.error(PgMessages.query(closed))).isEqualTo(DENIED);
                assertThat(alice.error(PgMessages.extended(closed))).isEqualTo(DENIED);
                admin.simple(i % 2 == 0 ? "SET ROLE alice" : "SET SESSION AUTHORIZATION alice");
                assertThat(admin.extended(open)).containsExactly("1");
                assertThat(admin.error(PgMessages.query(closed))).isEqualTo(DENIED);
                assertThat(admin.error(PgMessages.extended(closed))).isEqualTo(DENIED);
                admin.simple(i % 2 == 0 ? "SET ROLE nobody" : "RESET SESSION AUTHORIZATION; SET ROLE nobody");
                assertThat(admin.error(PgMessages.extended(open))).isEqualTo(DENIED);
                assertThat(admin.error(PgMessages.query(open))).isEqualTo(DENIED);
                admin.extended("RESET ROLE");
                assertThat(admin.simple(closed)).containsExactly("x");
                assertThat(admin.extended(closed)).containsExactly("x");
            }
        }
    }

    @Test
    void theSearchPathIsPartOfWhatATextMeans() throws Exception {
        postgres.sql(
                "CREATE SCHEMA one",
                "CREATE TABLE one.named (v text PRIMARY KEY)",
                "INSERT INTO one.named VALUES ('one')",
                "CREATE SCHEMA two",
                "CREATE TABLE two.named (v text PRIMARY KEY)",
                "INSERT INTO two.named VALUES ('two')");
        String sql = "SELECT v FROM named";
        try (PgFrontend one = PgWire.session("postgres", "options", "-c search_path=one");
                PgFrontend two = PgWire.session("postgres");
                PgFrontend both = PgWire.session("postgres")) {
            two.simple("SET search_path = two");
            PgWire.warm(one, sql);
            PgWire.warm(two, sql);
            for (int i = 0; i < 30; i++) {
                String path = i % 2 == 0 ? "one" : "two";
                if (i % 3 == 0) {
                    both.extended("SELECT set_config('search_path', $1, false)", path);
                } else {
                    both.simple("SET search_path = " + path);
                }
                for (int j = 0; j < 3; j++) {
                    assertThat(both.simple(sql)).containsExactly(path);
                    assertThat(both.extended(sql)).containsExactly(path);
                }
                assertThat(one.simple(sql)).containsExactly("one");
                assertThat(two.extended(sql)).containsExactly("two");
            }
            // A table that comes before it in the path, of somebody else's making.
            two.simple("SET search_path = three, two");
            PgWire.warm(two, sql);
            postgres.sql("CREATE SCHEMA three", "CREATE TABLE three.named AS SELECT 'three' AS v");
            await().atMost(PgWire.SOON).until(() -> two.simple(sql).equals(List.of("three")));
            assertThat(two.extended(sql)).containsExactly("three");
            assertThat(two.extended(sql)).containsExactly("three");
        }
    }

    @Test
    void aTemporaryTableHidesWhatIsInMemoryUntilItIsGone() throws Exception {
        postgres.sql("CREATE TABLE hidden (v text PRIMARY KEY)", "INSERT INTO hidden VALUES ('lasting')");
        String sql = "SELECT v FROM hidden";
        try (PgFrontend session = PgWire.session("postgres");
                PgFrontend other = PgWire.session("postgres")) {
            for (String gone : new String[] {"DROP TABLE hidden", "DISCARD TEMP", "DISCARD ALL", "ROLLBACK"}) {
                PgWire.warm(session, sql);
                PgWire.warm(other, sql);
                session.simple(gone.equals("ROLLBACK") ? "BEGIN" : "SELECT 1");
                session.extended("CREATE TEMP TABLE hidden AS SELECT 'temporary' AS v");
                for (int i = 0; i < 5; i++) {
                    assertThat(session.simple(sql)).containsExactly("temporary");
                    assertThat(session.extended(sql)).containsExactly("temporary");
                    assertThat(other.simple(sql)).containsExactly("lasting");
                }
                session.simple(gone);
                assertThat(session.simple(sql)).containsExactly("lasting");
                assertThat(session.extended(sql)).containsExactly("lasting");
            }
        }
    }

    @Test
    void aSettingOfAnApplicationIsPartOfWhatAViewShows() throws Exception {
        postgres.sql(
                "CREATE TABLE tenants (id int PRIMARY KEY, tenant text)",
                "INSERT INTO tenants VALUES (1, 'one'), (2, 'two')",
                "CREATE VIEW tenant AS SELECT id FROM tenants WHERE tenant = current_setting('app.tenant', true)");
        String sql = "SELECT id FROM tenant";
        try (PgFrontend session = PgWire.session("postgres");
                PgFrontend one = PgWire.session("postgres", "options", "-c app.tenant=one")) {
            for (int i = 0; i < 20; i++) {
                String tenant = i % 2 == 0 ? "one" : "two";
                session.simple("SET app.tenant = '" + tenant + "'");
                for (int j = 0; j < 3; j++) {
                    assertThat(session.simple(sql)).containsExactly(i % 2 == 0 ? "1" : "2");
                    assertThat(session.extended(sql)).containsExactly(i % 2 == 0 ? "1" : "2");
                    assertThat(one.simple(sql)).containsExactly("1");
                }
            }
        }
    }

    @Test
    void aStatementPreparedBeforeItsTableChangedFailsAsItDoesAtTheServer() throws Exception {
        postgres.sql("CREATE TABLE altered (id int PRIMARY KEY)", "INSERT INTO altered VALUES (1)");
        String sql = "SELECT * FROM altered";
        byte[] run = PgMessages.all(PgMessages.bind("", "s"), PgMessages.execute("", 0), PgMessages.sync());
        byte[] described = PgMessages.all(PgMessages.describe('S', "s"), run);
        try (PgFrontend before = PgWire.session("postgres");
                PgFrontend after = PgWire.session("postgres")) {
            before.column(PgMessages.parse("s", sql), PgMessages.describe('S', "s"), PgMessages.sync());
            await().atMost(PgWire.SOON).until(() -> {
                before.column(described);
                return before.last().equals("hit");
            });
            postgres.sql("ALTER TABLE altered ADD COLUMN more text");
            await().atMost(PgWire.SOON).until(() -> before.error(run).equals("0A000"));
            after.column(PgMessages.parse("s", sql), PgMessages.sync());
            await().atMost(PgWire.SOON).until(() -> {
                after.column(run);
                return after.last().equals("hit");
            });
            for (int i = 0; i < 3; i++) {
                assertThat(before.error(run)).isEqualTo("0A000");
                assertThat(before.error(described)).isEqualTo("0A000");
            }
        }
    }
}

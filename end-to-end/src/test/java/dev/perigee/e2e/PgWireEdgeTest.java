package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an edge does on somebody's word: hints, questions about itself, and not to cache at all. */
@ExtendWith(PgWire.class)
class PgWireEdgeTest {

    private static final String READ = "SELECT n FROM edge WHERE id = 1";

    private final Postgres postgres = PgWire.postgres();

    @BeforeEach
    void create() throws Exception {
        postgres.sql(
                "DROP TABLE IF EXISTS edge",
                "CREATE TABLE edge (id int PRIMARY KEY, n int)",
                "INSERT INTO edge VALUES (1, 1)");
    }

    @Test
    void anEdgeThatMayNotCacheForwardsEverything() {
        URI choice = PgWire.fleet().home().resolve("/api/edge/edge-1/cache");
        try (PgFrontend session = PgWire.session("postgres")) {
            PgWire.warm(session, READ);
            assertThat(Http.delete(choice, Fleet.ADMIN).status()).isBetween(200, 204);
            try {
                await().atMost(PgWire.SOON).until(() -> {
                    session.simple(READ);
                    return session.last().equals("bypass ineligible");
                });
                for (int i = 0; i < 5; i++) {
                    session.simple("UPDATE edge SET n = n + 1");
                    assertThat(session.extended(READ)).containsExactly("" + (2 + i));
                    assertThat(session.last()).isEqualTo("bypass ineligible");
                }
                try (PgFrontend late = PgWire.session("postgres")) {
                    assertThat(late.simple(READ)).containsExactly("6");
                    assertThat(late.last()).isEqualTo("bypass ineligible");
                }
            } finally {
                Http.put(
                        choice,
                        Fleet.ADMIN,
                        "{\"capacity\":{\"cpu_cores\":2,\"ram_mib\":64,\"disk_mib\":0,\"geo\":\"eu\"}}");
            }
            PgWire.warm(session, READ);
        }
    }

    @Test
    void withoutALinkEverythingGoesToTheDatabase() throws Exception {
        try (PgFrontend session = PgWire.session("postgres")) {
            PgWire.warm(session, READ);
            PgWire.proxy("edge-1").cut();
            try {
                postgres.sql("UPDATE edge SET n = 7");
                await().atMost(PgWire.SOON).until(() -> session.simple(READ).equals(List.of("7")));
                for (int i = 0; i < 5; i++) {
                    assertThat(session.simple(READ)).containsExactly("7");
                    assertThat(session.extended(READ)).containsExactly("7");
                    assertThat(session.last()).isNotEqualTo("hit");
                }
                try (PgFrontend late = PgWire.session("postgres")) {
                    assertThat(late.extended(READ)).containsExactly("7");
                }
            } finally {
                PgWire.proxy("edge-1").mend();
            }
            PgWire.warm(session, READ);
            assertThat(session.simple(READ)).containsExactly("7");
        }
    }

    @Test
    void whatIsTooStaleIsRefusedIfThatWasAskedFor() throws Exception {
        try (PgFrontend session = PgFrontend.session(PgWire.port("edge-2"), "postgres", "postgres")) {
            PgWire.warm(session, READ);
            byte[] other = PgMessages.query("SELECT n + 0 FROM edge");
            PgWire.proxy("edge-2").blackHole();
            try {
                await().atMost(PgWire.SOON)
                        .pollInterval(Duration.ofMillis(20))
                        .until(() -> session.error(PgMessages.query(READ)).equals("55000"));
                assertThat(session.error(PgMessages.extended(READ))).isEqualTo("55000");
                assertThat(session.last()).isEqualTo("bypass refused");
                assertThat(session.error(other)).isEmpty();
                assertThat(session.simple("UPDATE edge SET n = 8 RETURNING n")).containsExactly("8");
            } finally {
                PgWire.proxy("edge-2").mend();
            }
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> session.error(PgMessages.query(READ)).isEmpty());
            assertThat(session.simple(READ)).containsExactly("8");
        }
    }

    @Test
    void hintsAreFollowed() {
        String never = READ + " /* perigee: no-cache */";
        String strict = "/* perigee: max-staleness=0ms */ " + READ;
        String brief = READ + " -- x\n /* perigee: ttl=1s, nonsense=3 */";
        String quoted = "SELECT n, '/* perigee: no-cache */' FROM edge WHERE id = 1";
        try (PgFrontend session = PgWire.session("postgres")) {
            PgWire.warm(session, READ);
            PgWire.warm(session, quoted);
            await("home has said what it is").atMost(PgWire.SOON).until(() -> {
                session.simple(never);
                return session.last().equals("bypass no-cache");
            });
            for (int i = 0; i < 5; i++) {
                session.simple(never);
                assertThat(session.last()).startsWith("bypass ");
                session.extended(never);
                assertThat(session.last()).startsWith("bypass ");
            }
            await().atMost(PgWire.SOON).until(() -> {
                session.simple(strict);
                assertThat(session.last()).isNotEqualTo("hit");
                return session.last().equals("bypass max-age");
            });
            PgWire.warm(session, brief);
            await("its time is over").atMost(PgWire.SOON).until(() -> {
                session.simple(brief);
                return !session.last().equals("hit");
            });
        }
    }

    @Test
    void anEdgeSaysWhatItIsAndWhatItDid() {
        try (PgFrontend session = PgWire.session("postgres")) {
            assertThat(session.last()).isEqualTo("none");
            PgWire.warm(session, READ);
            for (String topic : new String[] {"status", "last"}) {
                String sql = "SHOW perigee." + topic + ";";
                byte[] batch = PgMessages.all(
                        PgMessages.describe('S', ""),
                        PgMessages.bind("", ""),
                        PgMessages.describe('P', ""),
                        PgMessages.execute("", 0),
                        PgMessages.sync());
                byte[] named = PgMessages.all(
                        PgMessages.bind("", topic),
                        PgMessages.describe('P', ""),
                        PgMessages.execute("", 1),
                        PgMessages.execute("", 0),
                        PgMessages.sync());
                assertThat(types(session, PgMessages.query("show  PERIGEE." + topic)))
                        .isEqualTo("TDCZ");
                assertThat(types(session, PgMessages.parse("", sql), batch)).isEqualTo("1tT2TDCZ");
                assertThat(types(
                                session,
                                PgMessages.parse(topic, sql),
                                PgMessages.describe('S', topic),
                                PgMessages.sync()))
                        .isEqualTo("1tTZ");
                assertThat(types(session, named)).isEqualTo("2TDsCZ");
                // A probe that comes between does not make it forgotten.
                session.simple("SET application_name = '" + topic + "'");
                session.simple(READ);
                assertThat(types(session, named)).isEqualTo("2TDsCZ");
                assertThat(types(session, PgMessages.close('S', topic), PgMessages.sync()))
                        .isEqualTo("3Z");
                assertThat(session.error(named)).isEqualTo("26000");
            }
            await().atMost(PgWire.SOON).until(() -> {
                session.simple(READ);
                session.simple("SELECT now()");
                return session.last().equals("bypass volatile-function");
            });
            session.simple("UPDATE edge SET n = 2 WHERE false");
            assertThat(session.last()).isEqualTo("bypass write");
            assertThat(session.error(PgMessages.query("SHOW perigee.nothing"))).isEqualTo("42704");
        }
    }

    private static String types(PgFrontend session, byte[]... messages) {
        List<PgReply> replies = session.send(messages).readCycles(1);
        StringBuilder types = new StringBuilder();
        replies.forEach(reply -> types.append(reply.type()));
        return types.toString();
    }
}

package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.READY;
import static dev.perigee.edge.pgwire.Wire.columns;
import static dev.perigee.edge.pgwire.Wire.complete;
import static dev.perigee.edge.pgwire.Wire.error;
import static dev.perigee.edge.pgwire.Wire.query;
import static dev.perigee.edge.pgwire.Wire.ready;
import static dev.perigee.edge.pgwire.Wire.row;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a session is: asked of the server, doubted, and made up for. */
class ProbingTest extends PlayedSession {

    private static final String READ = "select x from t";

    @Test
    void theClientIsTold_readyForItsFirstQueryOnlyWhenTheProbeIsAnswered() {
        peer = new Peer(fixture);
        peer.talk.start();
        assertThat(peer.talk.isReady()).isFalse();
        assertThat(peer.client()).isEmpty();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("probe");
        peer.talk.close();
    }

    @Test
    void withoutALinkThereIsNoProbeAndNoRecording() {
        fixture.view = ReadsFixture.view(null, null, null, true);
        peer = new Peer(fixture);
        peer.talk.start();
        assertThat(peer.client()).containsExactly("ZI");
        peer.readBySimple(READ, "1");
        assertThat(peer.bypasses("not-linked")).isEqualTo(1);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void aProbeThatFailsLeavesTheSessionInDoubt() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.server();
        peer.reply(error(), READY);
        assertThat(peer.client()).containsExactly("ZI");
        assertThat(peer.talk.isReady()).isTrue();
        // With the first read there is another.
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.reply(COLUMNS, row("1"), ONE, READY, error(), READY);
        assertThat(peer.client()).containsExactly("Tx", "D1", "CSELECT 1", "ZI");
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.reply(COLUMNS, row("1"), ONE, READY, error(), READY);
        // It has failed three times.
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ);
        peer.reply(COLUMNS, row("1"), ONE, READY);
        assertThat(fixture.cache.size()).isZero();
        assertThat(peer.bypasses("session-state")).isEqualTo(3);
    }

    @Test
    void anAnswerWithAnotherNonceIsNone() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.answerProbe(0, "0123456789abcdef0123456789abcdef");
        peer.client();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    @Test
    void inASessionOfAPoolerOfStatementsNothingIsKept() {
        assertNothingIsKept(1, "99", "pooled-session");
    }

    @Test
    void onAStandbyNothingIsKept() {
        assertNothingIsKept(2, null, "standby");
    }

    @Test
    void withTemporaryTablesNothingIsKept() {
        peer = new Peer(fixture);
        peer.talk.start();
        assertThat(peer.probe()).contains("pg_my_temp_schema").doesNotContain("pg_class");
        peer.answerProbe(7, "t");
        assertThat(peer.client()).containsExactly("ZI");
        peer.say(query(READ));
        assertThat(peer.probe()).as("looks closer").contains("pg_class");
        peer.reply(COLUMNS, row("1"), ONE, READY);
        peer.answerProbe(7, "t");
        peer.server();
        peer.client();
        peer.readBySimple(READ, "1");
        assertThat(peer.bypasses("temporary-objects")).isEqualTo(1);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void aSchemaForTemporaryObjectsThatIsEmptyIsNone() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.answerProbe(7, "t");
        peer.say(query(READ));
        peer.reply(COLUMNS, row("1"), ONE, READY);
        peer.answerProbe(7, "f", 11, "{pg_temp_3,public}");
        peer.say(query(READ));
        assertThat(peer.hits()).isEqualTo(1);
    }

    @Test
    void whatTheSessionCannotChangeIsAskedOnce() {
        peer = new Peer(fixture);
        peer.talk.start();
        assertThat(peer.probe()).contains("pg_control_system", "current_database");
        peer.answerProbe();
        peer.say(query("insert into u values (1)"));
        peer.reply(complete("INSERT 0 1"), READY);
        peer.say(query(READ));
        assertThat(peer.probe()).doesNotContain("pg_control_system", "current_database", "pg_prepared_statement");
        peer.reply(COLUMNS, row("1"), ONE, READY);
        peer.answerProbe(3, null, 4, null, 5, null, 6, null);
        peer.say(query(READ));
        assertThat(peer.hits()).isEqualTo(1);
    }

    @Test
    void aStandbyMayBecomeAPrimary() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.answerProbe(2, null, 4, null);
        peer.say(query("call changes()"));
        peer.reply(complete("CALL"), READY);
        peer.say(query(READ));
        assertThat(peer.probe()).contains("pg_control_system");
        peer.reply(COLUMNS, row("1"), ONE, READY);
        peer.answerProbe();
        peer.say(query(READ));
        assertThat(peer.hits()).isEqualTo(1);
    }

    @Test
    void withBackslashesInStringsNothingIsKept() {
        assertNothingIsKept(8, "off", "nonstandard-strings");
    }

    private void assertNothingIsKept(int column, String value, String reason) {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.answerProbe(column, value);
        assertThat(peer.client()).containsExactly("ZI");
        peer.readBySimple(READ, "1");
        assertThat(peer.bypasses(reason)).isEqualTo(1);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void afterASettingIsChangedTheNextReadIsProbedAndTheClientWaits() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.say(query("set timezone to 'Asia/Tokyo'"));
        peer.reply(complete("SET"), READY);
        peer.server();
        peer.client();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.say(query("select 2"));
        assertThat(peer.server()).as("the client is held").isEmpty();
        peer.reply(COLUMNS, row("2"), ONE, READY);
        assertThat(peer.client()).containsExactly("Tx", "D2", "CSELECT 1", "ZI");
        assertThat(peer.server()).isEmpty();
    }

    @Test
    void whatWasRecordedBeforeTheProbeIsKeptWithItsAnswer() {
        peer = Peer.ready(fixture);
        peer.say(query("set x to y"));
        peer.reply(complete("SET"), READY);
        peer.say(query(READ));
        peer.reply(COLUMNS, row("1"), ONE, READY);
        peer.answerProbe(12, "[\"as\",\"another\"]");
        peer.server();
        peer.client();
        peer.say(query(READ));
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).contains("D1");
        Peer before = Peer.ready(fixture);
        before.say(query(READ));
        assertThat(before.server()).as("another context").containsExactly("Q" + READ);
    }

    @Test
    void aSessionSeesItsOwnWrites() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.say(query("update t set x = 2"));
        assertThat(peer.server()).containsExactly("Qupdate t set x = 2");
        peer.reply(complete("UPDATE 1"), READY);
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.reply(COLUMNS, row("2"), ONE, READY);
        peer.say(query("select y from t"));
        // What it has committed is far above what the edge has heard of.
        fixture.view = ReadsFixture.view(100, 90L);
        peer.talk.close();
    }

    @Test
    void untilItsOwnWriteIsHeardOfAnOlderResultIsNotForThisSession() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.say(query("insert into u values (1)"));
        peer.reply(complete("INSERT 0 1"), READY);
        peer.say(query("select 1 from v"));
        peer.reply(COLUMNS, row("1"), ONE, READY).server();
        // The nonce went with what was taken: the probe is answered by an error, and another one asks again.
        peer.reply(error(), READY);
        peer.say(query("select 1 from v"));
        peer.reply(COLUMNS, row("1"), ONE, READY);
        peer.answerProbe(2, "0/1F5");
        peer.server();
        peer.client();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ);
        assertThat(peer.bypasses("min-version")).isEqualTo(1);
        peer.reply(COLUMNS, row("1"), ONE, READY);
        fixture.view = ReadsFixture.view(500, 500L);
        peer.client();
        peer.say(query(READ));
        assertThat(peer.client()).contains("D1");
    }

    @Test
    void aProbeIsNotSentWhereASecondStatementMayFollowThatIsNoRead() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.reply(error(), READY);
        peer.server();
        peer.say(query("select 1; copy t from stdin"));
        assertThat(peer.server()).containsExactly("Qselect 1; copy t from stdin");
        peer.reply(COLUMNS, row("1"), ONE, Wire.message('G', (byte) 0, (short) 0));
        peer.say(Wire.message('d', "1\n"), Wire.message('c'));
        peer.reply(complete("COPY 1"), READY);
        assertThat(peer.ended).isNull();
        assertThat(peer.talk.isQuiet()).isTrue();
    }

    @Test
    void whatAProbeSaysInATransactionIsNotBelieved() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.answerProbe();
        peer.say(query("set a to b"));
        peer.reply(complete("SET"), READY);
        // It looks like a read, and begins a transaction in which another path holds.
        peer.say(query("select begins_one()"));
        String[] row = peer.probed(11, "{other}");
        peer.reply(COLUMNS, row("1"), ONE, ready('T'));
        peer.reply(columns("x"), row(row), ONE, ready('T'));
        peer.say(query("rollback"));
        peer.reply(complete("ROLLBACK"), READY);
        peer.server();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    @Test
    void theServersOwnWordMakesItDoubtful() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.reply(Wire.message('S', "search_path", "other"));
        assertThat(peer.client()).hasSize(1);
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    @Test
    void aNotificationMakesItDoubtfulToo() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.reply(Wire.message('A', 1, "channel", "text"));
        assertThat(peer.client()).hasSize(1);
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    @Test
    void notingIsSaidToTheClientOfANoticeToAProbeOrOfAnError() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.reply(Wire.notice());
        peer.answerProbe();
        assertThat(peer.client()).containsExactly("ZI");
    }

    @Test
    void thatTheServerIsStoppedTheClientIsToldEvenIfItHitsAProbe() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.reply(error("FATAL", "57P01"));
        assertThat(peer.client()).hasSize(1);
    }

    @Test
    void aJudgementThatComesLateMakesNothingDoubtfulIfItIsHarmless() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        fixture.hold = true;
        peer.say(query("select f(x) from t"));
        peer.reply(COLUMNS, row("1"), ONE, READY);
        peer.server();
        peer.say(query(READ));
        assertThat(peer.server()).as("in doubt, but no probe would help").containsExactly("Q" + READ);
        peer.reply(COLUMNS, row("1"), ONE, READY);
        fixture.release();
        peer.runTasks();
        peer.client();
        peer.say(query(READ));
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).contains("D1");
    }

    @Test
    void aJudgementThatComesLateMakesTheSessionDoubtfulIfItIsNot() {
        fixture.says.put("select f(x) from t", ReadsFixture.refused("volatile-function"));
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        fixture.hold = true;
        peer.say(query("select f(x) from t"));
        peer.reply(COLUMNS, row("1"), ONE, READY);
        fixture.release();
        peer.runTasks();
        peer.server();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    /** A write, with the probe behind it if one is expected, and a read. */
    private void writeAndRead(boolean probed) {
        peer.say(query("insert into u values (1)"));
        peer.reply(complete("INSERT 0 1"), READY);
        if (probed) {
            peer.answerProbe();
        }
        peer.client();
        peer.say(query(READ));
    }

    /** A session whose last write was followed by a read. */
    private void readAfterWrite() {
        peer = Peer.ready(fixture);
        writeAndRead(false);
        peer.reply(COLUMNS, row("1"), ONE, READY);
        peer.answerProbe();
        peer.server();
    }

    @Test
    void whereReadsFollowWritesAWriteIsProbedAtOnceAndTheReadIsAnsweredFromMemory() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        writeAndRead(false);
        assertThat(peer.server()).containsExactly("Qinsert into u values (1)", "Q" + READ, "probe");
        readAfterWrite();
        writeAndRead(true);
        assertThat(peer.server()).containsExactly("Qinsert into u values (1)");
        assertThat(peer.client()).contains("D1", "ZI");
    }

    @Test
    void whereWritesFollowWritesNoneIsProbed() {
        readAfterWrite();
        peer.say(query("insert into u values (1)"));
        peer.reply(complete("INSERT 0 1"), READY);
        peer.answerProbe();
        peer.server();
        peer.say(query("insert into u values (2)"));
        peer.reply(complete("INSERT 0 1"), READY);
        peer.say(query("insert into u values (3)"));
        assertThat(peer.server()).containsExactly("Qinsert into u values (2)", "Qinsert into u values (3)");
        peer.talk.close();
    }

    @Test
    void aTransactionIsProbedAtItsEnd() {
        readAfterWrite();
        peer.say(query("begin"));
        peer.reply(complete("BEGIN"), ready('T'));
        peer.say(query("insert into u values (2)"));
        peer.reply(complete("INSERT 0 1"), ready('T'));
        peer.say(query(READ));
        peer.reply(COLUMNS, row("1"), ONE, ready('T'));
        peer.say(query("commit"));
        assertThat(peer.server())
                .containsExactly("Qbegin", "Qinsert into u values (2)", "Q" + READ, "Qcommit", "probe");
        peer.talk.close();
    }

    @Test
    void oneThatHasChangedNothingIsNot() {
        readAfterWrite();
        for (String sql : new String[] {"begin", "commit"}) {
            peer.say(query(sql));
            peer.reply(complete(sql), sql.equals("begin") ? ready('T') : READY);
        }
        assertThat(peer.server()).containsExactly("Qbegin", "Qcommit");
    }

    @Test
    void whatMayLeaveABlockOpenIsNot() {
        readAfterWrite();
        peer.say(query("insert into u values (2); begin"));
        peer.reply(complete("INSERT 0 1"), complete("BEGIN"), ready('T'));
        peer.say(query("commit and chain"));
        peer.reply(complete("COMMIT"), ready('T'));
        assertThat(peer.server()).containsExactly("Qinsert into u values (2); begin", "Qcommit and chain");
    }
}

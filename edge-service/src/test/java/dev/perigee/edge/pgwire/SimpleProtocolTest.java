package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.READY;
import static dev.perigee.edge.pgwire.Wire.columns;
import static dev.perigee.edge.pgwire.Wire.complete;
import static dev.perigee.edge.pgwire.Wire.error;
import static dev.perigee.edge.pgwire.Wire.query;
import static dev.perigee.edge.pgwire.Wire.ready;
import static dev.perigee.edge.pgwire.Wire.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.LinkProperties.WhenStale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A session by the simple protocol, between a client and a server that are played by hand. */
class SimpleProtocolTest {

    private static final String READ = "select x from t";
    private static final byte[] COLUMNS = columns("x");
    private static final byte[] ONE = complete("SELECT 1");

    private final ReadsFixture fixture = new ReadsFixture();
    private Peer peer;

    @AfterEach
    void close() {
        peer.close();
    }

    @Test
    void aReadIsRecordedAndThenAnsweredFromMemory() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.say(query(READ));
        assertThat(peer.server()).isEmpty();
        assertThat(peer.clientBytes()).containsExactly(COLUMNS, row("1"), ONE, READY);
        assertThat(peer.hits()).isEqualTo(1);
        assertThat(peer.misses("not-analysed") + peer.bypasses("not-analysed")).isEqualTo(1);
    }

    @Test
    void anotherSessionOfTheSameKindIsAnsweredToo() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        Peer other = Peer.ready(fixture);
        other.say(query(READ));
        assertThat(other.client()).contains("D1");
        Peer stranger = new Peer(fixture);
        stranger.talk.start();
        stranger.answerProbe(12, "[\"somebody\",\"else\"]");
        stranger.client();
        stranger.say(query(READ));
        assertThat(stranger.server()).containsExactly("Q" + READ);
    }

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
    void anErrorIsNotKept() {
        peer = Peer.ready(fixture);
        peer.say(query(READ));
        peer.reply(COLUMNS, row("1"), error(), READY);
        peer.server();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ);
    }

    @Test
    void aNoticeSpoilsARecording() {
        peer = Peer.ready(fixture);
        peer.say(query(READ));
        peer.reply(Wire.notice(), COLUMNS, row("1"), ONE, READY);
        assertThat(peer.client()).hasSize(5);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void severalResultsAreNotKept() {
        peer = Peer.ready(fixture);
        peer.say(query(READ));
        peer.reply(COLUMNS, row("1"), ONE, COLUMNS, row("2"), ONE, READY);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void aResultThatIsTooLargeIsPassedOnAndNotKept() {
        fixture.maxResult = 40;
        peer = Peer.ready(fixture);
        peer.say(query(READ));
        peer.reply(COLUMNS, row("1234567890"), row("1234567890"), ONE, READY);
        assertThat(peer.client()).hasSize(5);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void aRowThatCameInPiecesIsNotKept() {
        peer = Peer.ready(fixture);
        peer.say(query(READ));
        peer.reply(COLUMNS);
        peer.reply(new byte[] {'D', 0, 1, 0, 0}, false);
        peer.reply(ONE, READY);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void onlyRowsThatMayBeKeptAreLookedInto() {
        peer = Peer.ready(fixture);
        assertThat(peer.talk.wantedOfServer(BackendMessage.DATA_ROW, 100, 1000)).isEqualTo(MessageFramer.HEADER);
        peer.say(query(READ));
        assertThat(peer.talk.wantedOfServer(BackendMessage.DATA_ROW, 100, 1000)).isEqualTo(101);
        assertThat(peer.talk.wantedOfServer(BackendMessage.DATA_ROW, 100_001, 1000))
                .isEqualTo(MessageFramer.HEADER);
        assertThat(peer.talk.wantedOfServer(BackendMessage.COPY_DATA, 100, 1000))
                .isEqualTo(MessageFramer.HEADER);
        assertThat(peer.talk.wantedOfServer(BackendMessage.READY_FOR_QUERY, 5, 1000))
                .isEqualTo(6);
        assertThat(peer.talk.wantedOfClient(FrontendMessage.QUERY, 5, 1000)).isEqualTo(6);
        assertThat(peer.talk.wantedOfClient(FrontendMessage.QUERY, 5000, 1000)).isEqualTo(1000);
        assertThat(peer.talk.wantedOfClient(FrontendMessage.COPY_DATA, 5, 1000)).isEqualTo(MessageFramer.HEADER);
    }

    @Test
    void pipelinedQueriesAreNeitherServedNorRecorded() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.say(query("select 2 from t"), query(READ));
        assertThat(peer.server()).containsExactly("Qselect 2 from t", "Q" + READ);
        peer.reply(COLUMNS, row("2"), ONE, READY, COLUMNS, row("3"), ONE, READY);
        assertThat(peer.bypasses("pipelined")).isEqualTo(1);
        assertThat(fixture.cache.size()).isEqualTo(2);
        peer.client();
        peer.say(query(READ));
        assertThat(peer.client()).contains("D1");
    }

    @Test
    void inATransactionNothingIsServedOrRecorded() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.say(query("begin"));
        peer.reply(complete("BEGIN"), ready('T'));
        peer.server();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ);
        peer.reply(COLUMNS, row("7"), ONE, ready('T'));
        peer.say(query("commit"));
        peer.reply(complete("COMMIT"), READY);
        peer.server();
        peer.client();
        peer.say(query(READ));
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).contains("D1");
        assertThat(peer.bypasses("transaction")).isEqualTo(3);
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
    void copyingInIsFollowed() {
        peer = Peer.ready(fixture);
        peer.say(query("copy t from stdin"));
        peer.reply(Wire.message('G', (byte) 0, (short) 1, (short) 0));
        peer.server();
        peer.say(Wire.message('d', "1\n"), Wire.message('c'));
        assertThat(peer.server()).containsExactly("d1", "c");
        peer.reply(complete("COPY 1"), READY);
        peer.client();
        peer.say(query(READ));
        assertThat(peer.server()).as("followed on").containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    @Test
    void copyingInThatFailsIsFollowed() {
        peer = Peer.ready(fixture);
        peer.say(query("copy t from stdin"));
        peer.reply(Wire.message('G', (byte) 0, (short) 1, (short) 0));
        peer.say(Wire.message('d', "1\n"), Wire.message('f', "no more"));
        peer.reply(error(), READY);
        peer.server();
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    @Test
    void anythingElseAmidCopyingIn_passedOnForGood() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.say(query("copy t from stdin"));
        peer.reply(Wire.message('G', (byte) 0, (short) 1, (short) 0));
        peer.server();
        peer.say(Wire.SYNC, Wire.message('c'), query(READ));
        assertThat(peer.server()).containsExactly("S", "c", "Q" + READ);
        assertPassing();
    }

    private void assertPassing() {
        peer.client();
        byte[] anything = Wire.message('q', "what is this");
        peer.reply(anything);
        peer.say(anything);
        assertThat(peer.clientBytes()).containsExactly(anything);
        assertThat(peer.server()).containsExactly("qwhat is this");
        assertThat(peer.talk.wantedOfClient(FrontendMessage.QUERY, 100, 1000)).isEqualTo(MessageFramer.HEADER);
        assertThat(peer.talk.wantedOfServer(BackendMessage.READY_FOR_QUERY, 5, 1000))
                .isEqualTo(MessageFramer.HEADER);
        assertThat(peer.ended).isNull();
    }

    @Test
    void copyingOutIsNotKeptAndFollowed() {
        peer = Peer.ready(fixture);
        peer.say(query("copy t to stdout"));
        peer.reply(
                Wire.message('H', (byte) 0, (short) 1, (short) 0),
                Wire.message('d', "1"),
                Wire.message('c'),
                complete("COPY 1"),
                READY);
        assertThat(peer.client()).hasSize(5);
        assertThat(peer.talk.isQuiet()).isTrue();
    }

    @Test
    void anUnknownMessageOfTheClient_passedOnForGood() {
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        peer.say(Wire.message('!'), query(READ));
        assertThat(peer.server()).containsExactly("!", "Q" + READ);
        assertPassing();
    }

    @Test
    void aMalformedQuery_passedOnForGood() {
        peer = Peer.ready(fixture);
        peer.say(Wire.message('Q', "select 1", (byte) 'x'));
        assertThat(peer.server()).containsExactly("Qselect 1x");
        assertPassing();
    }

    @Test
    void anUnknownMessageOfTheServer_passedOnForGood() {
        peer = Peer.ready(fixture);
        peer.say(query(READ));
        peer.server();
        peer.reply(Wire.message('?'));
        assertThat(peer.client()).containsExactly("?");
        assertPassing();
    }

    @Test
    void anAnswerToNoQuestion_passedOnForGood() {
        peer = Peer.ready(fixture);
        peer.reply(READY);
        assertThat(peer.client()).containsExactly("ZI");
        assertPassing();
    }

    @Test
    void ifTheTrackIsLostWhileAProbeIsOnItsWayTheSessionEnds() {
        peer = new Peer(fixture);
        peer.talk.start();
        peer.reply(Wire.message('?'));
        assertThat(peer.ended).isEqualTo("08P01");
    }

    @Test
    void aQueryThatIsTooLargeIsStreamed() {
        peer = Peer.ready(fixture);
        peer.sayHead(new byte[] {'Q', 0, 16, 0, 0, 's'});
        assertThat(peer.server()).containsExactly("Qs");
        peer.reply(COLUMNS, ONE, READY);
        assertThat(peer.client()).hasSize(3);
        peer.say(query(READ));
        assertThat(peer.server()).as("who knows what it did").containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    @Test
    void aFunctionCallIsForwardedAndMayHaveDoneAnything() {
        peer = Peer.ready(fixture);
        peer.say(Wire.message('F', 1399, (short) 0));
        peer.reply(Wire.message('V', -1), READY);
        assertThat(peer.server()).hasSize(1);
        peer.say(query(READ));
        assertThat(peer.server()).containsExactly("Q" + READ, "probe");
        peer.talk.close();
    }

    @Test
    void terminateIsPassedOn() {
        peer = Peer.ready(fixture);
        peer.say(Wire.TERMINATE);
        assertThat(peer.server()).containsExactly("X");
    }

    @Test
    void aSessionThatIsNotUnderstoodIsOnlyPassedOn() {
        peer = new Peer(fixture, fixture.reads(), true);
        peer.talk.start();
        assertThat(peer.client()).containsExactly("ZI");
        assertPassing();
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

    @Test
    void anEdgeThatIsTooFarBehindMayRefuse() {
        fixture.whenStale = WhenStale.REFUSE;
        peer = Peer.ready(fixture);
        peer.readBySimple(READ, "1");
        fixture.now.set(6_000_000_000L);
        peer.say(query(READ));
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client())
                .anyMatch(shown -> shown.startsWith("E") && shown.contains("55000"))
                .last()
                .isEqualTo("ZI");
        assertThat(peer.bypasses("refused")).isEqualTo(1);
    }

    @Test
    void theEdgeSaysWhatBecameOfTheLastStatement() {
        peer = Peer.ready(fixture);
        peer.say(query("SHOW perigee.last"));
        assertThat(peer.client()).contains("Dnone|-|-|-|-");
        peer.readBySimple(READ, "1");
        peer.say(query("show perigee.last;"));
        assertThat(peer.client()).contains("Dbypass|not-analysed|-|-|-");
        peer.say(query(READ));
        peer.client();
        peer.say(query("show perigee.last"));
        assertThat(peer.client())
                .contains("Dhit|-|" + ReadsFixture.EPOCH + ":90|0|1970-01-01T00:00:00Z", "CSHOW", "ZI");
        peer.say(query("show perigee.status"));
        assertThat(peer.client()).anyMatch(shown -> shown.startsWith("D0.7500|") && shown.contains("|streaming|h|"));
        peer.say(query("show perigee.secret"));
        assertThat(peer.server()).containsExactly("Qshow perigee.secret");
    }

    @Test
    void whatIsRecordedIsWhatAHintAllows() {
        peer = Peer.ready(fixture);
        peer.readBySimple("/* perigee: no-cache */ " + READ, "1");
        assertThat(fixture.cache.size()).isZero();
    }
}

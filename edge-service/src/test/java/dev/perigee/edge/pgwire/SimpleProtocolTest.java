package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.READY;
import static dev.perigee.edge.pgwire.Wire.complete;
import static dev.perigee.edge.pgwire.Wire.error;
import static dev.perigee.edge.pgwire.Wire.query;
import static dev.perigee.edge.pgwire.Wire.ready;
import static dev.perigee.edge.pgwire.Wire.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.LinkProperties.WhenStale;
import org.junit.jupiter.api.Test;

/** A session by the simple protocol, between a client and a server that are played by hand. */
class SimpleProtocolTest extends PlayedSession {

    private static final String READ = "select x from t";

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

package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.BOUND;
import static dev.perigee.edge.pgwire.Wire.FLUSH;
import static dev.perigee.edge.pgwire.Wire.PARSED;
import static dev.perigee.edge.pgwire.Wire.READY;
import static dev.perigee.edge.pgwire.Wire.SYNC;
import static dev.perigee.edge.pgwire.Wire.bind;
import static dev.perigee.edge.pgwire.Wire.closeStatement;
import static dev.perigee.edge.pgwire.Wire.columns;
import static dev.perigee.edge.pgwire.Wire.complete;
import static dev.perigee.edge.pgwire.Wire.error;
import static dev.perigee.edge.pgwire.Wire.execute;
import static dev.perigee.edge.pgwire.Wire.parse;
import static dev.perigee.edge.pgwire.Wire.query;
import static dev.perigee.edge.pgwire.Wire.ready;
import static dev.perigee.edge.pgwire.Wire.row;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Errors, transactions and what is not understood, in batches of the extended protocol. */
class FailedBatchesTest extends PlayedBatches {

    @Test
    void whatIsSkippedAfterAnErrorHasNotHappened() {
        record("1");
        peer.say(parse("s1", READ), SYNC);
        peer.reply(PARSED, READY);
        peer.server();
        peer.client();
        peer.say(
                bind("", "nobody"),
                closeStatement("s1"),
                parse("s1", "select a from t"),
                closeStatement("s1"),
                parse("s1", "select b from t"),
                parse("", "select a from t"),
                parse("", "select b from t"),
                closeStatement(""),
                SYNC);
        peer.reply(error(), READY);
        peer.server();
        peer.client();
        peer.say(bind("", "s1", "7"), execute(""), SYNC);
        assertThat(peer.client()).as("s1 is what it was").containsExactly("2", "D1", "CSELECT 1", "ZI");
        peer.say(bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.client()).as("the unnamed one too").containsExactly("2", "D1", "CSELECT 1", "ZI");
        peer.say(bind("", "", "8"), execute(""), SYNC);
        assertThat(peer.server()).as("and the server still has it").containsExactly("B8", "E", "S");
    }

    @Test
    void whatFailsAndWhatIsSkippedAfterItIsUndoneInTheRightOrder() {
        record("1");
        peer.say(parse("s1", "selec"), closeStatement("s1"), SYNC);
        peer.reply(error(), READY);
        peer.server();
        peer.say(bind("", "s1"), execute(""), SYNC);
        assertThat(peer.server()).as("there is no s1").containsExactly("Bs1", "E", "S");
    }

    @Test
    void untilTheSyncThatEndsAnErrorEverythingIsSkipped() {
        record("1");
        peer.say(parse("", "selec"), FLUSH);
        peer.reply(error());
        peer.server();
        peer.client();
        peer.say(parse("", READ), bind("", "", "7"), closeStatement("s1"), execute(""), query("update t set x = 1"));
        assertThat(peer.server()).hasSize(5);
        assertThat(peer.talk.isQuiet()).isFalse();
        peer.say(SYNC);
        assertThat(peer.server()).containsExactly("S");
        peer.reply(READY);
        assertThat(peer.client()).containsExactly("ZI");
        peer.say(ONCE);
        assertThat(peer.server())
                .as("it was an update that never ran, but who knows")
                .isNotEmpty();
        peer.talk.close();
    }

    @Test
    void anErrorThatComesAfterTheSyncIsOfItsBatch() {
        record("1");
        peer.say(parse("", "selec"), SYNC, parse("s2", READ), SYNC);
        peer.server();
        peer.reply(error(), READY, PARSED, READY);
        peer.client();
        peer.say(bind("", "s2", "7"), execute(""), SYNC);
        assertThat(peer.client()).containsExactly("2", "D1", "CSELECT 1", "ZI");
    }

    @Test
    void anErrorUndoesNothingOfTheBatchBehindItsOwn() {
        record("1");
        peer.say(bind("", "nobody"), parse("", "select a from t"), SYNC, parse("", READ));
        peer.server();
        peer.reply(error(), READY);
        peer.say(bind("", "", "7"), closeStatement(""), SYNC);
        assertThat(peer.server()).as("READ is there").containsExactly("B7", "CS", "S");
    }

    @Test
    void whatIsSkippedInBothOfTwoBatchesIsAsItWas() {
        record("1");
        peer.say(bind("", "nobody"), parse("", "select a from t"), SYNC);
        peer.say(bind("", "nobody"), parse("", "select b from t"), closeStatement(""), SYNC);
        peer.server();
        peer.reply(error(), READY, error(), READY);
        peer.client();
        peer.say(bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.client()).containsExactly("2", "D1", "CSELECT 1", "ZI");
    }

    @Test
    void pipelinedBatchesAreNeitherServedNorRecorded() {
        record("1");
        fixture.cache.purge();
        peer.say(parse("", "select a from t"), bind("", ""), execute(""), SYNC);
        peer.say(ONCE);
        assertThat(peer.server()).hasSize(9);
        peer.reply(PARSED, BOUND, row("a"), ONE, READY);
        peer.reply(PARSED, BOUND, COLUMNS, row("1"), ONE, READY);
        assertThat(fixture.cache.size()).as("the first alone").isEqualTo(1);
        assertThat(peer.bypasses("pipelined")).isEqualTo(1);
    }

    @Test
    void afterAWriteInTheSameBatchNothingIsRecorded() {
        record("1");
        fixture.cache.purge();
        peer.say(
                parse("", "update t set x = 1"),
                bind("", ""),
                execute(""),
                parse("", READ),
                bind("", "", "7"),
                execute(""),
                SYNC);
        peer.reply(PARSED, BOUND, complete("UPDATE 1"), PARSED, BOUND, row("1"), ONE, READY);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void beforeAWriteInTheSameBatchAReadIsRecorded() {
        record("1");
        fixture.cache.purge();
        peer.say(
                parse("", READ),
                bind("", "", "7"),
                execute(""),
                parse("", "update t set x = 1"),
                bind("", ""),
                execute(""),
                SYNC);
        peer.reply(PARSED, BOUND, row("1"), ONE, PARSED, BOUND, complete("UPDATE 1"), READY);
        assertThat(fixture.cache.size()).isEqualTo(1);
    }

    @Test
    void inATransactionNothingIsServedOrRecorded() {
        record("1");
        peer.say(parse("", "begin"), bind("", ""), execute(""), SYNC);
        peer.reply(PARSED, BOUND, complete("BEGIN"), ready('T'));
        peer.server();
        peer.say(ONCE);
        assertThat(peer.server()).hasSize(5);
        peer.reply(PARSED, BOUND, COLUMNS, row("9"), ONE, ready('T'));
        assertThat(peer.bypasses("transaction")).isEqualTo(2);
        peer.say(query("rollback"));
        peer.reply(complete("ROLLBACK"), READY);
        peer.client();
        peer.say(ONCE);
        assertThat(peer.client()).contains("D1");
    }

    @Test
    void aQueryInABatchThatIsNotOverIsNeitherServedNorRecorded() {
        String simple = "select z from t";
        peer.readBySimple(simple, "1");
        peer.say(parse("", READ), bind("", "", "7"), execute(""), FLUSH);
        peer.reply(PARSED, BOUND, row("1"), ONE);
        peer.server();
        peer.client();
        // The batch's transaction goes on, and may have a snapshot of long ago.
        peer.say(query(simple));
        assertThat(peer.server()).containsExactly("Q" + simple);
        fixture.cache.purge();
        peer.reply(columns("z"), row("1"), ONE, READY);
        assertThat(fixture.cache.size()).isZero();
        peer.say(SYNC);
        peer.reply(READY);
    }

    @Test
    void whatAQueryHasBegunInABatchThatIsNotOverIsNotRecorded() {
        peer.say(parse("s1", READ), FLUSH);
        peer.reply(PARSED);
        peer.say(query("begin; update t set x = 2"));
        peer.reply(complete("BEGIN"), complete("UPDATE 1"), ready('T'));
        peer.server();
        peer.client();
        peer.say(bind("", "s1", "7"), execute(""), SYNC);
        assertThat(peer.server()).as("no probe in a transaction").containsExactly("Bs17", "E", "S");
        peer.reply(BOUND, row("2"), ONE, ready('T'));
        assertThat(fixture.cache.size()).as("nobody may see this yet").isZero();
    }

    @Test
    void aNoticeSpoilsARecording() {
        peer.say(ONCE);
        peer.reply(PARSED, BOUND, COLUMNS, row("1"), Wire.notice(), ONE, READY);
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void copyingInByTheExtendedProtocol_passedOnForGood() {
        peer.say(parse("", "copy t from stdin"), bind("", ""), execute(""), SYNC);
        peer.server();
        peer.reply(PARSED, BOUND, Wire.message('G', (byte) 0, (short) 0));
        assertThat(peer.client()).hasSize(3);
        peer.say(Wire.message('d', "1"), Wire.message('c'), SYNC, query("select 1"));
        assertThat(peer.server()).containsExactly("d1", "c", "S", "Qselect 1");
        assertThat(peer.ended).isNull();
        assertThat(peer.talk.wantedOfClient(FrontendMessage.QUERY, 100, 1000)).isEqualTo(MessageFramer.HEADER);
    }

    @Test
    void messagesThatAreTooLargeAreStreamed() {
        record("1");
        peer.say(parse("", READ));
        peer.sayHead(new byte[] {'B', 0, 16, 0, 0, 0, 0, 0, 1});
        assertThat(peer.server()).hasSize(2);
        peer.say(execute(""), SYNC);
        peer.reply(PARSED, BOUND, row("1"), ONE, READY);
        peer.say(parse("s1", READ));
        peer.sayHead(new byte[] {'P', 0, 16, 0, 0, 's', '2', 0, 's'});
        peer.say(SYNC);
        peer.reply(PARSED, PARSED, READY);
        peer.server();
        peer.say(bind("", "s2"), execute(""), SYNC);
        assertThat(peer.server()).as("nobody knows what s2 is").hasSize(3).doesNotContain("probe");
    }

    @Test
    void aLargeMessageThatIsNotUnderstood_passedOnForGood() {
        peer.say(parse("", READ));
        peer.sayHead(new byte[] {'D', 0, 16, 0, 0, 'x', 'x'});
        assertThat(peer.server()).hasSize(2);
        assertThat(peer.talk.wantedOfClient(FrontendMessage.QUERY, 100, 1000)).isEqualTo(MessageFramer.HEADER);
    }

    @Test
    void aMalformedMessage_passedOnForGoodWithWhatIsHeld() {
        record("1");
        peer.say(parse("", READ), bind("", "", "7"), Wire.message('E', "portal"));
        assertThat(peer.server()).containsExactly("P" + READ, "B7", "Eportal");
        peer.say(SYNC);
        assertThat(peer.server()).containsExactly("S");
        assertThat(peer.talk.wantedOfClient(FrontendMessage.QUERY, 100, 1000)).isEqualTo(MessageFramer.HEADER);
    }

    @Test
    void aMalformedMessageOfABatchThatIsForwarded_passedOnForGood() {
        peer.say(parse("", "update t set x = 1"), Wire.message('C', (byte) 'x', ""), SYNC);
        assertThat(peer.server()).containsExactly("Pupdate t set x = 1", "Cx", "S");
    }

    @Test
    void whatIsHeldWhenTheTrackIsLostIsSentOn() {
        record("1");
        peer.say(parse("", READ), bind("", "", "7"));
        assertThat(peer.server()).isEmpty();
        peer.reply(Wire.message('?'));
        peer.say(execute(""), SYNC);
        assertThat(peer.server()).containsExactly("P" + READ, "B7", "E", "S");
    }

    @Test
    void whatIsHeldWhenTheClientLeavesIsSentOn() {
        record("1");
        peer.say(parse("", READ), Wire.TERMINATE);
        assertThat(peer.server()).containsExactly("P" + READ, "X");
    }

    @Test
    void whatIsHeldIsGivenBackAtTheEnd() {
        record("1");
        peer.say(parse("", READ), bind("", "", "7"));
        peer.close();
    }

    @Test
    void aBatchThatIsTooLargeToBeHeldIsForwarded() {
        record("1");
        for (int i = 0; i < 3; i++) {
            peer.say(parse("", "select '" + "x".repeat(30_000) + "' from t"));
        }
        assertThat(peer.server()).hasSize(3);
    }
}

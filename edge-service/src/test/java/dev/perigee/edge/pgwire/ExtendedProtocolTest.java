package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.BOUND;
import static dev.perigee.edge.pgwire.Wire.CLOSED;
import static dev.perigee.edge.pgwire.Wire.FLUSH;
import static dev.perigee.edge.pgwire.Wire.PARSED;
import static dev.perigee.edge.pgwire.Wire.READY;
import static dev.perigee.edge.pgwire.Wire.SUSPENDED;
import static dev.perigee.edge.pgwire.Wire.SYNC;
import static dev.perigee.edge.pgwire.Wire.bind;
import static dev.perigee.edge.pgwire.Wire.closeStatement;
import static dev.perigee.edge.pgwire.Wire.complete;
import static dev.perigee.edge.pgwire.Wire.describePortal;
import static dev.perigee.edge.pgwire.Wire.describeStatement;
import static dev.perigee.edge.pgwire.Wire.error;
import static dev.perigee.edge.pgwire.Wire.execute;
import static dev.perigee.edge.pgwire.Wire.parameters;
import static dev.perigee.edge.pgwire.Wire.parse;
import static dev.perigee.edge.pgwire.Wire.query;
import static dev.perigee.edge.pgwire.Wire.ready;
import static dev.perigee.edge.pgwire.Wire.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.LinkProperties.WhenStale;
import org.junit.jupiter.api.Test;

/** A session by the extended protocol, between a client and a server that are played by hand. */
class ExtendedProtocolTest extends PlayedBatches {

    @Test
    void aReadIsRecordedAndThenAnsweredFromMemory() {
        record("1");
        peer.say(ONCE);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.clientBytes()).containsExactly(PARSED, BOUND, COLUMNS, row("1"), ONE, READY);
        assertThat(peer.hits()).isEqualTo(1);
    }

    @Test
    void nothingIsAnsweredBeforeTheSync() {
        record("1");
        peer.say(parse("", READ), bind("", "", "7"), execute(""));
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).isEmpty();
        peer.say(SYNC);
        assertThat(peer.client()).containsExactly("1", "2", "D1", "CSELECT 1", "ZI");
    }

    @Test
    void aFlushSendsOnWhatIsHeld() {
        record("1");
        peer.say(parse("", READ), FLUSH);
        assertThat(peer.server()).containsExactly("P" + READ, "H");
        peer.reply(PARSED);
        peer.say(bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("B7", "E", "S");
        peer.reply(BOUND, row("1"), ONE, READY);
        assertThat(peer.client()).containsExactly("1", "2", "D1", "CSELECT 1", "ZI");
    }

    @Test
    void otherArgumentsAreAnotherRead() {
        record("1");
        peer.say(parse("", READ), bind("", "", "8"), execute(""), SYNC);
        assertThat(peer.server()).contains("B8");
    }

    @Test
    void otherTypesOfParametersAreAnotherRead() {
        record("1");
        peer.say(parse("", READ, 23), bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.server()).hasSize(4);
    }

    @Test
    void aResultKeptWithoutADescriptionIsNotForThoseWhoAskForIt() {
        forwarded(parse("", READ), bind("", "", "7"), execute(""), SYNC);
        peer.say(ONCE);
        assertThat(peer.server()).hasSize(5);
        peer.reply(PARSED, BOUND, COLUMNS, row("1"), ONE, READY);
        peer.client();
        peer.say(ONCE);
        assertThat(peer.client()).contains("Tx", "D1");
    }

    @Test
    void severalPortalsOfOneNameInABatchEachGiveTheirOwnRows() {
        for (String value : new String[] {"7", "8"}) {
            peer.say(parse("", READ), bind("", "", value), execute(""), SYNC);
            peer.reply(PARSED, BOUND, row("of " + value), ONE, READY);
        }
        peer.server();
        peer.client();
        peer.say(
                parse("", READ),
                bind("", "", "7"),
                execute(""),
                bind("", "", "8"),
                execute(""),
                parse("", READ),
                bind("", "", "7"),
                execute(""),
                SYNC);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client())
                .containsExactly(
                        "1",
                        "2",
                        "Dof 7",
                        "CSELECT 1",
                        "2",
                        "Dof 8",
                        "CSELECT 1",
                        "1",
                        "2",
                        "Dof 7",
                        "CSELECT 1",
                        "ZI");
    }

    @Test
    void severalStatementsInABatchEachGiveTheirOwnRows() {
        for (String sql : new String[] {"select a from t", "select b from t"}) {
            forwarded(parse("", sql), bind("", ""), execute(""), SYNC);
        }
        fixture.cache.purge();
        for (String sql : new String[] {"select a from t", "select b from t"}) {
            peer.say(parse("", sql), bind("", ""), execute(""), SYNC);
            peer.reply(PARSED, BOUND, row(sql.substring(7, 8)), ONE, READY);
        }
        peer.server();
        peer.client();
        peer.say(
                parse("", "select a from t"),
                bind("", ""),
                execute(""),
                parse("", "select b from t"),
                bind("", ""),
                execute(""),
                SYNC);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).containsExactly("1", "2", "Da", "CSELECT 1", "1", "2", "Db", "CSELECT 1", "ZI");
    }

    @Test
    void onlyTheServerSaysOfAStatementThatIsNotRunWhetherItIsOne() {
        record("1");
        peer.server();
        peer.say(parse("", "select a from t"), closeStatement(""), parse("", READ), SYNC);
        assertThat(peer.server()).hasSize(4);
    }

    @Test
    void whatIsPutBackByALateObstacleIsForwardedInWhole() {
        record("1");
        peer.say(closeStatement(""), parse("", "select never from t"), bind("", ""), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("CS", "Pselect never from t", "B", "E", "S");
        peer.reply(CLOSED, error(), READY);
        peer.client();
        peer.say(bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.server()).as("nothing is prepared").containsExactly("B7", "E", "S");
    }

    @Test
    void aPortalIsReadInPieces() {
        peer.say(parse("", READ), bind("", "", "7"), execute(""), SYNC);
        peer.reply(PARSED, BOUND, row("1"), row("2"), row("3"), complete("SELECT 3"), READY);
        peer.client();
        peer.server();
        peer.say(parse("", READ), bind("", "", "7"), execute("", 2), execute("", 2), execute("", 2), SYNC);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).containsExactly("1", "2", "D1", "D2", "s", "D3", "CSELECT 1", "CSELECT 0", "ZI");
    }

    @Test
    void theFirstRowsAreKeptForWhoeverAsksForAsMany() {
        peer.say(parse("", READ), bind("", "", "7"), execute("", 1), SYNC);
        peer.server();
        peer.reply(PARSED, BOUND, row("1"), SUSPENDED, READY);
        assertThat(peer.client()).containsExactly("1", "2", "D1", "s", "ZI");
        peer.say(parse("", READ), bind("", "", "7"), execute("", 1), SYNC);
        assertThat(peer.client()).containsExactly("1", "2", "D1", "s", "ZI");
        assertThat(peer.server()).isEmpty();
        peer.say(parse("", READ), bind("", "", "7"), execute("", 2), SYNC);
        assertThat(peer.server()).isNotEmpty();
    }

    @Test
    void anEmptyStatementIsNotRecorded() {
        peer.say(parse("", ""), bind("", ""), execute(""), SYNC);
        peer.reply(PARSED, BOUND, Wire.message('I'), READY);
        assertThat(peer.client()).containsExactly("1", "2", "I", "ZI");
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void theClientIsHeldWhileAProbeIsOnItsWay() {
        peer.say(query("set x to y"));
        peer.reply(complete("SET"), READY);
        peer.server();
        peer.client();
        peer.say(ONCE);
        peer.say(ONCE);
        assertThat(peer.server()).containsExactly("P" + READ, "B7", "DP", "E", "S", "probe");
        peer.talk.close();
        peer.waiting.clear();
    }

    @Test
    void noProbeIsSentIntoATransactionThatTheBatchBegins() {
        peer.say(query("set x to y"));
        peer.reply(complete("SET"), READY);
        peer.server();
        peer.say(parse("", "begin"), bind("", ""), execute(""), parse("", READ), bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.server()).hasSize(7).doesNotContain("probe");
    }

    @Test
    void noProbeIsSentAfterABatchThatMayCopyIn() {
        peer.say(query("set x to y"));
        peer.reply(complete("SET"), READY);
        peer.server();
        peer.say(
                parse("", READ),
                bind("", "", "7"),
                execute(""),
                parse("", "copy t from stdin"),
                bind("", ""),
                execute(""),
                SYNC);
        assertThat(peer.server()).hasSize(7).doesNotContain("probe");
    }

    @Test
    void twoDescriptionsThatAreAskedForAtOnceAreNotOne() {
        peer.say(parse("s1", READ), describeStatement("s1"), describeStatement("s1"), SYNC);
        peer.reply(PARSED, parameters(23), COLUMNS, parameters(23), COLUMNS, READY);
        peer.server();
        peer.client();
        peer.say(describeStatement("s1"), SYNC);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.clientBytes()).containsExactly(parameters(23), COLUMNS, READY);
    }

    @Test
    void aPortalThatIsDescribedTwiceIsKeptWithOneDescription() {
        peer.say(parse("", READ), bind("", "", "7"), describePortal(""), describePortal(""), execute(""), SYNC);
        peer.reply(PARSED, BOUND, COLUMNS, COLUMNS, row("1"), ONE, READY);
        peer.server();
        peer.client();
        peer.say(ONCE);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).containsExactly("1", "2", "Tx", "D1", "CSELECT 1", "ZI");
    }

    @Test
    void aDescriptionThatFailsIsNotKept() {
        peer.say(parse("s1", READ), SYNC);
        peer.reply(PARSED, READY);
        peer.say(describeStatement("s1"), SYNC);
        peer.reply(error(), READY);
        peer.server();
        peer.say(describeStatement("s1"), SYNC);
        assertThat(peer.server()).containsExactly("DSs1", "S");
    }

    @Test
    void aDescriptionThatCameInPiecesIsNotKept() {
        peer.say(parse("s1", READ), describeStatement("s1"), SYNC);
        peer.reply(PARSED);
        peer.reply(new byte[] {'t', 0, 4, 0, 3}, false);
        peer.reply(COLUMNS, READY);
        peer.server();
        peer.say(describeStatement("s1"), SYNC);
        assertThat(peer.server()).containsExactly("DSs1", "S");
    }

    @Test
    void aSyncByItselfIsTheServers() {
        peer.say(SYNC);
        assertThat(peer.server()).containsExactly("S");
        peer.reply(READY);
        assertThat(peer.client()).containsExactly("ZI");
        record("1");
        peer.say(ONCE);
        assertThat(peer.client()).contains("D1");
    }

    @Test
    void anEdgeThatIsTooFarBehindMayRefuse() {
        fixture.whenStale = WhenStale.REFUSE;
        peer.close();
        peer = Peer.ready(fixture);
        record("1");
        fixture.now.set(6_000_000_000L);
        peer.say(ONCE);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).hasSize(2).last().isEqualTo("ZI");
        assertThat(peer.talk.isQuiet()).isTrue();
    }

    @Test
    void moreThanSixteenStatementsThatHomeIsAskedAboutAreInDoubt() {
        record("1");
        fixture.hold = true;
        for (int i = 0; i < 17; i++) {
            peer.readBySimple("select f" + i + "() from t", "1");
        }
        fixture.release();
        peer.runTasks();
        peer.say(ONCE);
        assertThat(peer.server()).as("the seventeenth is not waited for").endsWith("S", "probe");
        peer.talk.close();
    }

    private static final String WRITE = "insert into u values ($1)";

    private static byte[][] once(String sql) {
        return new byte[][] {parse("", sql), bind("", "", "7"), execute(""), SYNC};
    }

    private void writeAndRead() {
        peer.say(once(WRITE));
        peer.reply(PARSED, BOUND, complete("INSERT 0 1"), READY);
        peer.say(once(READ));
        peer.reply(PARSED, BOUND, row("1"), ONE, READY);
        peer.answerProbe();
        peer.server();
    }

    @Test
    void whereReadsFollowWritesAWriteIsProbedAtOnce() {
        writeAndRead();
        peer.say(once(WRITE));
        assertThat(peer.server()).containsExactly("P" + WRITE, "B7", "E", "S", "probe");
        peer.talk.close();
    }

    @Test
    void soIsACommitButNoneThatBeginsTheNextTransaction() {
        writeAndRead();
        peer.say(parse("", "begin"), bind("", ""), execute(""), parse("", WRITE), bind("", "", "7"), execute(""), SYNC);
        peer.reply(PARSED, BOUND, complete("BEGIN"), PARSED, BOUND, complete("INSERT 0 1"), ready('T'));
        peer.server();
        peer.say(once("commit and chain"));
        peer.reply(PARSED, BOUND, complete("COMMIT"), ready('T'));
        assertThat(peer.server()).containsExactly("Pcommit and chain", "B7", "E", "S");
        peer.say(once("commit"));
        assertThat(peer.server()).containsExactly("Pcommit", "B7", "E", "S", "probe");
        peer.talk.close();
    }
}

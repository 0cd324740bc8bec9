package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.BOUND;
import static dev.perigee.edge.pgwire.Wire.CLOSED;
import static dev.perigee.edge.pgwire.Wire.FLUSH;
import static dev.perigee.edge.pgwire.Wire.PARSED;
import static dev.perigee.edge.pgwire.Wire.READY;
import static dev.perigee.edge.pgwire.Wire.SUSPENDED;
import static dev.perigee.edge.pgwire.Wire.SYNC;
import static dev.perigee.edge.pgwire.Wire.bind;
import static dev.perigee.edge.pgwire.Wire.closePortal;
import static dev.perigee.edge.pgwire.Wire.closeStatement;
import static dev.perigee.edge.pgwire.Wire.columns;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A session by the extended protocol, between a client and a server that are played by hand. */
class ExtendedProtocolTest {

    private static final String READ = "select x from t where y = $1";
    private static final byte[] COLUMNS = columns("x");
    private static final byte[] ONE = complete("SELECT 1");
    /** What most drivers send for a statement that is used once. */
    private static final byte[][] ONCE = {parse("", READ), bind("", "", "7"), describePortal(""), execute(""), SYNC};

    private final ReadsFixture fixture = new ReadsFixture();
    private Peer peer;

    @BeforeEach
    void start() {
        peer = Peer.ready(fixture);
    }

    @AfterEach
    void close() {
        peer.close();
    }

    private void record(String value) {
        peer.say(ONCE);
        assertThat(peer.server()).containsExactly("P" + READ, "B7", "DP", "E", "S");
        peer.reply(PARSED, BOUND, COLUMNS, row(value), ONE, READY);
        assertThat(peer.client()).containsExactly("1", "2", "Tx", "D" + value, "CSELECT 1", "ZI");
    }

    /** The messages of a read of one row that is not in memory are sent, and answered. */
    private void forwarded(byte[]... batch) {
        peer.say(batch);
        peer.reply(PARSED, BOUND, row("1"), ONE, READY);
        peer.server();
        peer.client();
    }

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
    void aStatementThatIsClosedIsNotThere() {
        record("1");
        peer.say(parse("", READ), closeStatement(""), bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.server()).as("the server has an error for that").hasSize(5);
        peer.reply(PARSED, CLOSED, error(), READY);
        peer.server();
        peer.say(bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("B7", "E", "S");
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
    void afterAnAnswerFromMemoryTheServerIsGivenTheUnnamedStatement() {
        record("1");
        peer.say(parse("", READ), bind("", "", "7"), execute(""), SYNC);
        peer.client();
        peer.say(bind("", "", "8"), execute(""), SYNC);
        // It is the same text, but another Parse: the one that the server has may have been judged before a DDL.
        assertThat(peer.server()).containsExactly("P" + READ, "B8", "E", "S");
        peer.reply(PARSED, BOUND, row("2"), ONE, READY);
        assertThat(peer.client()).as("without the ParseComplete").containsExactly("2", "D2", "CSELECT 1", "ZI");
        peer.say(bind("", "", "9"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("B9", "E", "S");
    }

    @Test
    void theServerIsGivenItForADescribeToo() {
        record("1");
        peer.say(parse("", READ), bind("", "", "7"), execute(""), SYNC);
        peer.client();
        peer.say(describeStatement(""), SYNC);
        assertThat(peer.server()).containsExactly("P" + READ, "DS", "S");
        peer.reply(PARSED, parameters(23), COLUMNS, READY);
        assertThat(peer.client()).hasSize(3);
    }

    @Test
    void afterAnAnswerFromMemoryThatEndsItTheServerHasNoUnnamedStatementEither() {
        String simple = "select z from t";
        peer.readBySimple(simple, "1");
        record("1");
        peer.say(query(simple));
        peer.client();
        peer.say(bind("", "", "8"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("CS", "B8", "E", "S");
        peer.reply(CLOSED, error(), READY);
        assertThat(peer.client()).hasSize(2).last().isEqualTo("ZI");
    }

    @Test
    void ifItCannotBePreparedTheErrorIsTheClients() {
        record("1");
        peer.say(parse("", READ), bind("", "", "7"), execute(""), SYNC);
        peer.client();
        peer.say(bind("", "", "8"), execute(""), SYNC);
        peer.server();
        peer.reply(error(), READY);
        assertThat(peer.client()).hasSize(2).last().isEqualTo("ZI");
        // The client still believes that it is there.
        peer.say(bind("", "", "8"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("P" + READ, "B8", "E", "S");
    }

    @Test
    void afterAProbeTheServerIsGivenItToo() {
        peer.say(query("set x to y"));
        peer.reply(complete("SET"), READY);
        peer.server();
        peer.client();
        peer.say(ONCE);
        peer.reply(PARSED, BOUND, COLUMNS, row("1"), ONE, READY);
        peer.answerProbe();
        assertThat(peer.client()).hasSize(6);
        peer.server();
        peer.say(bind("", "", "8"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("P" + READ, "B8", "E", "S");
        peer.say(SYNC);
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
    void noProbeIsSentThatWouldDropAStatementOnlyTheServerKnows() {
        peer.say(query("set x to y"));
        peer.reply(complete("SET"), READY);
        peer.server();
        peer.sayHead(new byte[] {'P', 0, 16, 0, 0, 0, 's'});
        peer.say(parse("s1", READ), bind("", "s1", "7"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("Ps", "Ps1" + READ, "Bs17", "E", "S");
        peer.reply(PARSED, PARSED, BOUND, row("1"), ONE, READY);
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
    void aNamedStatementIsPreparedAtTheServerAndThenServed() {
        peer.say(parse("s1", READ), describeStatement("s1"), SYNC);
        assertThat(peer.server()).containsExactly("Ps1" + READ, "DSs1", "S");
        peer.reply(PARSED, parameters(23), COLUMNS, READY);
        peer.client();
        peer.say(bind("", "s1", "7"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("Bs17", "E", "S");
        peer.reply(BOUND, row("1"), ONE, READY);
        peer.client();
        peer.say(bind("p", "s1", "7"), execute("p"), closePortal("p"), SYNC);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).containsExactly("2", "D1", "CSELECT 1", "3", "ZI");
        peer.say(describeStatement("s1"), SYNC);
        assertThat(peer.clientBytes()).containsExactly(parameters(23), COLUMNS, READY);
    }

    private void prepare(String... names) {
        for (String name : names) {
            peer.say(parse(name, READ), describeStatement(name), SYNC);
            peer.reply(PARSED, parameters(23), COLUMNS, READY);
        }
        peer.server();
        peer.client();
    }

    @Test
    void ofAStatementThatIsClosedTheServerHearsBeforeAnythingElse() {
        record("1");
        prepare("s1", "s2");
        peer.say(closeStatement("s1"), bind("", "s2", "7"), execute(""), SYNC);
        assertThat(peer.server()).isEmpty();
        assertThat(peer.client()).containsExactly("3", "2", "D1", "CSELECT 1", "ZI");
        peer.say(bind("", "s1", "7"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("CSs1", "Bs17", "E", "S");
        peer.reply(CLOSED, error(), READY);
        assertThat(peer.client()).hasSize(2).endsWith("ZI");
    }

    @Test
    void ofAStatementThatIsClosedTheServerHearsBeforeAQuery() {
        prepare("s1", "s2");
        peer.say(closeStatement("s2"), SYNC, closeStatement("s1"), SYNC, query("prepare s1 as select 1"));
        assertThat(peer.client()).containsExactly("3", "ZI", "3", "ZI");
        assertThat(peer.server()).containsExactly("CSs2", "CSs1", "Qprepare s1 as select 1");
        peer.reply(CLOSED, CLOSED, complete("PREPARE"), READY);
        assertThat(peer.client()).containsExactly("CPREPARE", "ZI");
        peer.say(parse("s1", READ), SYNC);
        assertThat(peer.server()).as("once").containsExactly("Ps1" + READ, "S");
    }

    @Test
    void moreClosesThanCanBeRememberedAreTheServersAtOnce() {
        for (int i = 0; i < 1000; i++) {
            peer.say(closeStatement("s" + i), SYNC);
        }
        assertThat(peer.server()).isEmpty();
        peer.say(closeStatement("last"), SYNC);
        assertThat(peer.server()).hasSize(1002).endsWith("CSlast", "S");
    }

    @Test
    void aNameTooLongToBeRememberedIsClosedAtTheServer() {
        peer.say(closeStatement("s".repeat(201)), SYNC);
        assertThat(peer.server()).hasSize(2);
    }

    @Test
    void whoseClosesAreOwedCannotBePassedOnUnread() {
        prepare("s1");
        peer.say(closeStatement("s1"), SYNC, Wire.message('?'));
        assertThat(peer.ended).isEqualTo("08P01");
    }

    @Test
    void whatMayBeGoneAtTheServerIsNotDescribedFromMemory() {
        prepare("s1");
        peer.say(query("deallocate all"));
        peer.reply(complete("DEALLOCATE ALL"), READY);
        peer.server();
        peer.say(closeStatement(""), describeStatement("s1"), SYNC);
        assertThat(peer.server()).containsExactly("CS", "DSs1", "S");
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
    void aNamedStatementThatExistsStaysWhatItWas() {
        record("1");
        peer.say(parse("s1", READ), SYNC);
        peer.reply(PARSED, READY);
        peer.say(parse("s1", "select other from t"), SYNC);
        peer.reply(error(), READY);
        peer.server();
        peer.client();
        peer.say(bind("", "s1", "7"), execute(""), SYNC);
        assertThat(peer.client()).containsExactly("2", "D1", "CSELECT 1", "ZI");
    }

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
    void anUnnamedStatementThatFailsIsGone() {
        record("1");
        peer.say(parse("", "selec"), bind("", ""), execute(""), SYNC);
        peer.reply(error(), READY);
        peer.server();
        peer.say(bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("B7", "E", "S");
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
    void whatTheServerForgetsIsForgotten() {
        record("1");
        peer.say(parse("s1", READ), parse("s2", READ), SYNC);
        peer.reply(PARSED, PARSED, READY);
        peer.say(query("deallocate s1"));
        peer.reply(complete("DEALLOCATE"), READY);
        peer.server();
        peer.say(query("select y from t"));
        peer.reply(columns("y"), row("1"), ONE, READY);
        peer.answerProbe(10, "{s2}");
        peer.server();
        peer.client();
        peer.say(bind("", "s2", "7"), execute(""), SYNC);
        assertThat(peer.client()).contains("D1");
        peer.say(bind("", "s1", "7"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("Bs17", "E", "S");
    }

    @Test
    void theEdgeAnswersForItselfUnderAnyName() {
        for (String name : new String[] {"", "about"}) {
            peer.say(
                    parse(name, "show perigee.status"),
                    describeStatement(name),
                    bind("", name),
                    describePortal(""),
                    execute(""),
                    SYNC);
            assertThat(peer.server()).isEmpty();
            assertThat(peer.client()).hasSize(8).startsWith("1", "t").endsWith("CSHOW", "ZI");
        }
        peer.say(bind("", "about"), execute(""), SYNC);
        assertThat(peer.client()).startsWith("2").endsWith("CSHOW", "ZI");
        peer.say(query("discard all"));
        peer.reply(complete("DISCARD ALL"), READY);
        peer.client();
        peer.server();
        peer.say(closeStatement("about"), SYNC);
        assertThat(peer.client()).containsExactly("3", "ZI");
        peer.say(bind("", "about"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("CSabout", "Babout", "E", "S");
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
}

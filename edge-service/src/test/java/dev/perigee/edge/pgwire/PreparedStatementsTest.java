package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.Wire.BOUND;
import static dev.perigee.edge.pgwire.Wire.CLOSED;
import static dev.perigee.edge.pgwire.Wire.PARSED;
import static dev.perigee.edge.pgwire.Wire.READY;
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
import static dev.perigee.edge.pgwire.Wire.row;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What client and server have prepared, and what each believes the other has. */
class PreparedStatementsTest extends PlayedBatches {

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
    void anUnnamedStatementThatFailsIsGone() {
        record("1");
        peer.say(parse("", "selec"), bind("", ""), execute(""), SYNC);
        peer.reply(error(), READY);
        peer.server();
        peer.say(bind("", "", "7"), execute(""), SYNC);
        assertThat(peer.server()).containsExactly("B7", "E", "S");
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
}

package dev.perigee.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.e2e.chaos.Checker.Rule;
import dev.perigee.e2e.chaos.Register.Position;
import dev.perigee.e2e.chaos.Register.Shape;
import dev.perigee.e2e.chaos.Register.Token;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Each rule holds against a false answer, and none against a true one. Times are in milliseconds here. */
class CheckerTest {

    private static final String EPOCH = "1.1.1";

    private final Register register = new Register("r", Shape.ROW, 100);

    private static long at(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private void written(Register written, long ended, long version) {
        written.acknowledged(written.begin(), at(ended), new Position(EPOCH, version), written.crashes());
    }

    private static Observation read(Register register, long begun, long claimed, Long... values) {
        return read(register, begun, claimed, null, null, values);
    }

    private static Observation read(
            Register register, long begun, long claimed, Position position, Token wanted, Long... values) {
        return new Observation(
                "edge-1",
                register,
                at(begun),
                at(begun + 1),
                true,
                List.of(values),
                position,
                at(claimed),
                wanted,
                "hit");
    }

    private static List<Rule> rules(Observation seen) {
        return Checker.check(seen).stream().map(Checker.Violation::rule).toList();
    }

    @Test
    void whatWasCertainAtTheTimeClaimedMustBeThere() {
        written(register, 1000, 10);
        written(register, 2000, 20);

        assertThat(rules(read(register, 3000, 2001, 1L))).containsExactly(Rule.STALE);
        assertThat(rules(read(register, 3000, 2001, 2L))).isEmpty();
        assertThat(rules(read(register, 3000, 1999, 1L))).isEmpty();
        assertThat(rules(read(register, 3000, 1999, 0L))).containsExactly(Rule.STALE);
    }

    @Test
    void aWriteWhoseAnswerIsOutstandingMayShowOrNot() {
        written(register, 1000, 10);
        register.begin();

        assertThat(rules(read(register, 3000, 3000, 1L))).isEmpty();
        assertThat(rules(read(register, 3000, 3000, 2L))).isEmpty();
        assertThat(rules(read(register, 3000, 3000, 3L))).containsExactly(Rule.UNWRITTEN);
    }

    @Test
    void aWriteOfUnknownOutcomeIsPossibleForEverButDoesNotHideTheNext() {
        register.begin();
        written(register, 1000, 10);

        assertThat(rules(read(register, 2000, 1500, 1L))).containsExactly(Rule.STALE);
        assertThat(rules(read(register, 2000, 1500, 2L))).isEmpty();
        assertThat(rules(read(register, 2000, 900, 1L))).isEmpty();
    }

    @Test
    void whatWasRolledBackIsNeverSeen() {
        assertThat(rules(read(register, 1000, 1000, -3L))).contains(Rule.ROLLED_BACK);
    }

    @Test
    void whatIsWrittenTogetherIsReadTogether() {
        Register pair = new Register("p", Shape.TABLES, 100);
        written(pair, 1000, 10);
        pair.begin();

        assertThat(rules(read(pair, 2000, 1500, 2L, 1L))).containsExactly(Rule.TORN);
        assertThat(rules(read(pair, 2000, 1500, 1L, 1L))).isEmpty();
        assertThat(rules(read(pair, 2000, 1500, 2L, 2L))).isEmpty();
        assertThat(rules(read(pair, 2000, 1500, 1L))).containsExactly(Rule.MALFORMED);
        assertThat(rules(read(pair, 2000, 1500))).containsExactly(Rule.MALFORMED);
    }

    @Test
    void anAnswerContainsWhatItsVersionDoes() {
        written(register, 1000, 10);
        written(register, 2000, 20);

        assertThat(rules(read(register, 2500, 900, new Position(EPOCH, 20), null, 1L)))
                .containsExactly(Rule.BEHIND_ITS_VERSION);
        assertThat(rules(read(register, 2500, 900, new Position(EPOCH, 19), null, 1L)))
                .isEmpty();
        assertThat(rules(read(register, 2500, 900, new Position("2.1.1", 20), null, 1L)))
                .isEmpty();
    }

    @Test
    void anAnswerContainsWhatWasAskedFor() {
        written(register, 1000, 10);
        written(register, 2000, 20);
        Token second = new Token(2, new Position(EPOCH, 20));

        assertThat(rules(read(register, 2500, 900, null, second, 1L))).containsExactly(Rule.BEHIND_THE_TOKEN);
        assertThat(rules(read(register, 2500, 900, null, second, 2L))).isEmpty();
    }

    /** The version of an answer, sent back: what it includes must not be missing from the next. */
    @Test
    void whoeverSendsAVersionBackDoesNotSeeLessThanItIncludes() {
        written(register, 1000, 10);
        written(register, 2000, 20);
        Token seen = new Token(0, new Position(EPOCH, 25));

        assertThat(rules(read(register, 2500, 900, null, seen, 1L))).containsExactly(Rule.BEHIND_THE_TOKEN);
        assertThat(rules(read(register, 2500, 900, null, seen, 2L))).isEmpty();
        assertThat(rules(read(register, 2500, 900, null, new Token(0, new Position(EPOCH, 15)), 1L)))
                .isEmpty();
    }

    @Test
    void anAnswerIsNotOfATimeToCome() {
        assertThat(rules(read(register, 1000, 1100, 0L))).containsExactly(Rule.FROM_THE_FUTURE);
        assertThat(rules(read(register, 1000, 1010, 0L))).isEmpty();
    }

    @Test
    void whatACrashMayHaveUndoneIsHeldAgainstNobodyUntilTheDatabaseHasSpoken() {
        Register lossy = new Register("l", Shape.LOSSY, 100);
        written(lossy, 1000, 10);
        written(lossy, 5000, 20);
        lossy.crash(at(5100));

        assertThat(rules(read(lossy, 5500, 5400, 1L))).isEmpty();
        assertThat(rules(read(lossy, 5500, 5400, 2L))).isEmpty();
        assertThat(rules(read(lossy, 5500, 5400, 0L))).containsExactly(Rule.STALE);

        lossy.recovered(1, at(6000));

        assertThat(rules(read(lossy, 6500, 6100, 2L))).containsExactly(Rule.UNDONE);
        assertThat(rules(read(lossy, 6500, 5900, 2L))).isEmpty();
        assertThat(rules(read(lossy, 6500, 6100, 1L))).isEmpty();
        written(lossy, 7000, 30);
        assertThat(rules(read(lossy, 7500, 7100, 3L))).isEmpty();
        assertThat(rules(read(lossy, 7500, 7100, 1L))).containsExactly(Rule.STALE);
    }

    @Test
    void whatWasNotUndoneStaysCertain() {
        Register lossy = new Register("l", Shape.LOSSY, 100);
        written(lossy, 5000, 10);
        lossy.crash(at(5100));
        lossy.recovered(1, at(6000));

        assertThat(rules(read(lossy, 6500, 6100, 0L))).containsExactly(Rule.STALE);
        assertThat(rules(read(lossy, 6500, 6100, 1L))).isEmpty();
    }

    @Test
    void anAcknowledgementThatCrossedACrashProvesNothing() {
        Register lossy = new Register("l", Shape.LOSSY, 100);
        long number = lossy.begin();
        lossy.crash(at(900));
        lossy.acknowledged(number, at(1000), null, 0);

        assertThat(rules(read(lossy, 2000, 1500, 0L))).isEmpty();
    }

    @Test
    void otherRegistersLoseNothingInACrash() {
        written(register, 1000, 10);
        register.crash(at(1001));

        assertThat(rules(read(register, 3000, 2000, 0L))).containsExactly(Rule.STALE);
    }

    @Test
    void aBumpCountsWhatWasAcknowledged() {
        Register bump = new Register("b", Shape.BUMP, 100);
        bump.begin();
        written(bump, 1000, 10);

        assertThat(rules(read(bump, 2000, 1500, 0L))).containsExactly(Rule.STALE);
        assertThat(rules(read(bump, 2000, 1500, 1L))).isEmpty();
        assertThat(rules(read(bump, 2000, 1500, 2L))).isEmpty();
        assertThat(rules(read(bump, 2000, 1500, 3L))).as("a write done twice").containsExactly(Rule.UNWRITTEN);
    }

    @Test
    void stalenessIsSinceTheFirstWriteThatIsMissing() {
        written(register, 1000, 10);
        written(register, 2000, 20);
        written(register, 2500, 30);

        assertThat(Checker.staleness(read(register, 3000, 0, 1L))).isEqualTo(at(1000));
        assertThat(Checker.staleness(read(register, 3000, 0, 0L))).isEqualTo(at(2000));
        assertThat(Checker.staleness(read(register, 3000, 0, 3L))).isZero();
    }

    /** What a test of the whole run relies on. */
    @Test
    void theFalsifierMakesAnswersThatAreFoundOut() {
        Register pair = new Register("p", Shape.ROWS, 100);
        for (int i = 1; i <= 3; i++) {
            written(pair, 1000 + i, 10 + i);
        }
        Token token = new Token(3, new Position(EPOCH, 13));
        for (Rule rule : Rule.values()) {
            if (rule == Rule.UNDONE) {
                continue;
            }
            Falsifier falsifier = new Falsifier(rule);
            List<Rule> found = List.of();
            for (int i = 0; i < 500; i++) {
                found = rules(falsifier.falsify(read(pair, 3000, 2000, new Position(EPOCH, 13), token, 3L, 3L)));
                assertThat(i == 499 || found.isEmpty()).isTrue();
            }
            assertThat(found).contains(rule);
        }
    }
}

package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.LinkAction.Acknowledge;
import dev.perigee.edge.link.LinkAction.Connect;
import dev.perigee.edge.link.LinkAction.Disconnect;
import dev.perigee.edge.link.LinkAction.Flush;
import dev.perigee.edge.link.LinkAction.Say;
import dev.perigee.model.AcknowledgementAnswer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several homes: whose turn it is, and what one may say that is behind another. */
class LinkFailoverTest extends MachineFixture {

    @Test
    void theNextHomeIsAskedAfterAMomentTheNextRoundAfterAWait() {
        machine = machine(3);
        handle(new LinkEvent.Start());
        for (int attempt = 1; attempt <= 30; attempt++) {
            List<LinkAction> actions = handle(new LinkEvent.Lost(attempt, "refused"));
            assertThat(actions.stream().anyMatch(Say.class::isInstance))
                    .as("said once, not once a home")
                    .isEqualTo(attempt == 1);
            long wait = machine.deadline() - now;
            if (attempt % 3 == 0) {
                assertThat(wait).isBetween(millis(50), millis(5000));
            } else {
                assertThat(wait).isBetween(0L, millis(100));
            }
            now = machine.deadline();
            assertThat(handle(new LinkEvent.Tick())).containsExactly(new Connect(attempt + 1, attempt % 3, null));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lost", "drain", "silence", "gone", "unavailable"})
    void whoeverFailsTheNextHomeResumesUs(String how) {
        machine = machine(2);
        inStep();
        answered(10, 0);
        switch (how) {
            case "lost" -> handle(new LinkEvent.Lost(1, "cut"));
            case "drain" -> frame(1, "goodbye", null, "{\"reason\":\"drain\",\"retry_ms\":5000}");
            case "silence" -> {
                now += millis(3000);
                handle(new LinkEvent.Tick());
            }
            case "gone" -> handle(new LinkEvent.AckRefused(1, 404));
            default -> {
                handle(new LinkEvent.Lost(1, "cut"));
                now = machine.deadline();
                handle(new LinkEvent.Tick());
                assertThat(handle(new LinkEvent.Refused(2, 503, "shutting down")))
                        .contains(new Disconnect());
                now = machine.deadline();
                assertThat(handle(new LinkEvent.Tick())).containsExactly(new Connect(3, 0, at("e.1", 10)));
                return;
            }
        }
        assertThat(machine.deadline() - now).isLessThanOrEqualTo(millis(100));
        now = machine.deadline();
        assertThat(handle(new LinkEvent.Tick())).containsExactly(new Connect(2, 1, at("e.1", 10)));
        assertThat(frame(2, "hello", null, helloData("e.1", "10"))).doesNotHaveAnyElementsOfTypes(Flush.class);
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 10));
        assertThat(machine.view().homeId()).isEqualTo("h");
    }

    @Test
    void itStaysWhereItIs() {
        machine = machine(2);
        inStep();
        handle(new LinkEvent.Lost(1, "cut"));
        resumed(2, "10");
        // It proves itself, and much later goes: only now is it the first home's turn again, and at once.
        handle(new LinkEvent.AckAnswered(2, new AcknowledgementAnswer(10, 0)));
        handle(new LinkEvent.Lost(2, "cut"));
        assertThat(machine.deadline() - now).isLessThanOrEqualTo(millis(100));
        now = machine.deadline();
        assertThat(handle(new LinkEvent.Tick())).containsExactly(new Connect(3, 0, at("e.1", 10)));
    }

    /** Home 2 has decoded up to 7 only. Until it has caught up it sends comments, and answers acknowledgements. */
    @Test
    void aHomeThatIsItselfBehindOurCursorHasNothingToSayUntilItHasCaughtUp() {
        machine = machine(2);
        inStep();
        handle(new LinkEvent.Lost(1, "cut"));
        resumed(2, "10");
        for (int beat = 0; beat < 8; beat++) {
            long sent = now;
            now += millis(5);
            handle(new LinkEvent.AckAnswered(2, new AcknowledgementAnswer(7, 4000)));
            assertThat(machine.view().currentAsOf())
                    .as("we have all that it has, so we are as current as it is, and no more")
                    .isEqualTo(sent - millis(4000));
            handle(new LinkEvent.Bytes(2));
            now = sent + millis(1000);
            List<LinkAction> actions = handle(new LinkEvent.Tick());
            assertThat(actions).containsExactly(new Acknowledge(2, 3, at("e.1", 10), List.of()));
        }
        handle(new LinkEvent.AckAnswered(2, new AcknowledgementAnswer(12, 0)));
        assertThat(machine.view().currentAsOf()).as("12 is not applied yet").isLessThan(now - millis(4000));
    }

    /** Of a half-open stream nobody is told: its acknowledgements arrive and are answered, nothing else comes. */
    @Test
    void answersToAcknowledgementsAreNoExcuseForAStreamThatIsSilent() {
        machine = machine(2);
        inStep();
        handle(new LinkEvent.Lost(1, "cut"));
        now = machine.deadline();
        handle(new LinkEvent.Tick());
        frame(2, "hello", null, helloData("e.1", "null"));
        frame(2, "reset", "e.1:7", "{\"up_to_version\":7,\"reason\":\"ahead\"}");
        List<LinkAction> actions = List.of();
        for (int beat = 0; beat < 3; beat++) {
            handle(new LinkEvent.AckAnswered(2, new AcknowledgementAnswer(7, AcknowledgementAnswer.AGE_UNKNOWN)));
            now += millis(1000);
            actions = handle(new LinkEvent.Tick());
        }
        assertThat(actions).contains(new Disconnect());
    }

    @Test
    void aHomeThatResetsUsToBehindWhatWeHaveTakesNothingBack() {
        machine = machine(2);
        inStep();
        handle(new LinkEvent.Lost(1, "cut"));
        now = machine.deadline();
        handle(new LinkEvent.Tick());
        frame(2, "hello", null, helloData("e.1", "null"));
        frame(2, "reset", "e.1:7", "{\"up_to_version\":7,\"reason\":\"ahead\"}");
        assertThat(machine.view().cursor()).isEqualTo(at("e.1", 7));
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 10));
    }

    @Test
    void aRegistrationOfOursThatArrivesLateIsNoDuplicateOfUs() {
        machine = machine(2);
        handle(new LinkEvent.Start());
        now = machine.deadline();
        handle(new LinkEvent.Tick());
        now = machine.deadline();
        assertThat(handle(new LinkEvent.Tick())).containsExactly(new Connect(2, 1, null));
        frame(2, "hello", null, helloData("e.1", "null"));
        frame(2, "goodbye", null, "{\"reason\":\"superseded\",\"retry_ms\":0}");
        assertThat(machine.deadline() - now).isLessThan(millis(5000));
        now = machine.deadline();
        handle(new LinkEvent.Tick());
        frame(3, "hello", null, helloData("e.1", "null"));
        frame(3, "goodbye", null, "{\"reason\":\"superseded\",\"retry_ms\":0}");
        assertThat(machine.deadline() - now).isGreaterThan(millis(30_000));
    }
}

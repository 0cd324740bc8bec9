package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.LinkAction.Acknowledge;
import dev.perigee.edge.link.LinkAction.Connect;
import dev.perigee.edge.link.LinkAction.Disconnect;
import dev.perigee.edge.link.LinkAction.Flush;
import dev.perigee.edge.link.LinkAction.Raise;
import dev.perigee.edge.link.LinkAction.ResetTo;
import dev.perigee.edge.link.LinkAction.Say;
import dev.perigee.model.Capacity;
import dev.perigee.model.Eligibility;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinkMachineTest extends MachineFixture {

    @Test
    void anewThenInStep() {
        assertThat(handle(new LinkEvent.Start())).containsExactly(new Connect(1, 0, null));
        assertThat(hello("e.1", "null")).isEmpty();
        assertThat(machine.view().completeTo()).isNull();
        assertThat(reset("e.1", 10))
                .contains(new ResetTo(at("e.1", 10)))
                .last()
                .isEqualTo(new Acknowledge(1, 3, at("e.1", 10), List.of()));
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 10));
        assertThat(machine.view().status()).isEqualTo(LinkView.Status.STREAMING);
    }

    @Test
    void anInvalidationMovesTheCursorOnlyABookmarkMakesComplete() {
        inStep();
        assertThat(invalidate("e.1", 15)).hasAtLeastOneElementOfType(Raise.class);
        assertThat(machine.view().cursor()).isEqualTo(at("e.1", 15));
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 10));
        bookmark("e.1", 20, 1);
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 20));
    }

    @Test
    void anAcknowledgementSaysHowLongAgoInvalidationsWereApplied() {
        inStep();
        answered(10, 0);
        invalidate("e.1", 15);
        now += millis(30);
        invalidate("e.1", 16);
        now = machine.deadline();
        assertThat(appliedAgo(handle(new LinkEvent.Tick()))).containsExactly(500, 470);
        now += millis(5);
        invalidate("e.1", 17);
        handle(new LinkEvent.AckFailed(1));
        // Whether home has heard it is not known, so it is told again.
        now = machine.deadline();
        assertThat(appliedAgo(handle(new LinkEvent.Tick()))).containsExactly(1000, 970, 495);
        invalidate("e.1", 18);
        answered(17, 0);
        now = machine.deadline();
        assertThat(appliedAgo(handle(new LinkEvent.Tick()))).containsExactly(500);
    }

    private static List<Integer> appliedAgo(List<LinkAction> actions) {
        return actions.stream()
                .filter(Acknowledge.class::isInstance)
                .flatMap(action -> ((Acknowledge) action).appliedAgoMs().stream())
                .toList();
    }

    @Test
    void resumesFromTheLastBookmarkNotFromTheLastFrame() {
        inStep();
        invalidate("e.1", 15);
        assertThat(handle(new LinkEvent.Lost(1, "cut"))).contains(new Disconnect());
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 10));
        now = machine.deadline();
        assertThat(handle(new LinkEvent.Tick())).containsExactly(new Connect(2, 0, at("e.1", 10)));
        assertThat(frame(2, "hello", null, helloData("e.1", "10"))).doesNotHaveAnyElementsOfTypes(Flush.class);
        assertThat(frame(2, "invalidate", "e.1:16", "{\"up_to_version\":16," + TABLES))
                .hasAtLeastOneElementOfType(Raise.class);
    }

    @Test
    void anotherEpochAtHelloClosesTheFenceUntilTheReset() {
        inStep();
        reconnect();
        assertThat(frame(2, "hello", null, helloData("e.2", "null"))).contains(new Flush());
        assertThat(machine.view().completeTo()).isNull();
        assertThat(machine.view().currentAsOf()).isNull();
        assertThat(frame(2, "reset", "e.2:3", "{\"up_to_version\":3,\"reason\":\"epoch\"}"))
                .contains(new ResetTo(at("e.2", 3)));
        assertThat(machine.view().completeTo()).isEqualTo(at("e.2", 3));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "invalidate | e.1:20 | {\"up_to_version\":20,\"tab",
                "invalidate | e.1:20 | -",
                "invalidate | e.1:20 | {\"up_to_version\":20}",
                "invalidate | -      | {\"up_to_version\":20,\"tables\":[],\"committed_at\":\"2026-01-01T00:00:00Z\"}",
                "invalidate | e.1:21 | {\"up_to_version\":20,\"tables\":[],\"committed_at\":\"2026-01-01T00:00:00Z\"}",
                "invalidate | e.1:9  | {\"up_to_version\":9,\"tables\":[],\"committed_at\":\"2026-01-01T00:00:00Z\"}",
                "invalidate | e.2:20 | {\"up_to_version\":20,\"tables\":[],\"committed_at\":\"2026-01-01T00:00:00Z\"}",
                "invalidate | 20     | {\"up_to_version\":20,\"tables\":[],\"committed_at\":\"2026-01-01T00:00:00Z\"}",
                "bookmark   | e.1:9  | {\"up_to_version\":9,\"visible_version\":9,\"as_of\":\"2026-01-01T00:00:00Z\"}",
                "rowtags    | e.1:20 | {}",
                "-          | e.1:20 | {}",
                "-          | -      | {}",
                "hello      | -      | {\"generation\":3,\"epoch\":\"e.1\",\"home_id\":\"h\",\"heartbeat_ms\":1000,\"window\":64}",
                "reset      | -      | {\"up_to_version\":20,\"reason\":\"new\"}",
                "reset      | e.1:20 | {\"up_to_version\":20,\"reason\":\"whim\"}",
                "eligibility| -      | {\"enabled\":tr",
                "eligibility| -      | {\"capacity\":{\"ram_mib\":1}}",
                "eligibility| -      | {\"enabled\":true,\"capacity\":{\"ram_mib\":0}}",
            })
    void whateverMakesNoSenseMayHaveBeenAnInvalidation(String name, String id, String data) {
        inStep();
        assertThat(frame(1, name, id, data)).contains(new Flush(), new Disconnect());
        assertThat(machine.view().completeTo()).isNull();
        now = machine.deadline();
        assertThat(handle(new LinkEvent.Tick())).containsExactly(new Connect(2, 0, null));
    }

    @Test
    void whatIsUnknownAndHasNoPlaceInTheLogIsIgnored() {
        inStep();
        assertThat(frame(1, "weather", null, "{\"sunny\":true}")).isEmpty();
        assertThat(frame(1, null, null, null)).isEmpty();
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 10));
    }

    @Test
    void nothingButAResetMayFollowAHelloThatDoesNotResume() {
        handle(new LinkEvent.Start());
        hello("e.1", "null");
        assertThat(invalidate("e.1", 15)).contains(new Disconnect());
    }

    @Test
    void homeMustResumeFromWhereWeAre() {
        inStep();
        reconnect();
        assertThat(frame(2, "hello", null, helloData("e.1", "11"))).contains(new Flush(), new Disconnect());
    }

    @Test
    void aFailureToApplyIsAMissedInvalidation() {
        inStep();
        assertThat(handle(new LinkEvent.Broken("out of memory"))).contains(new Flush(), new Disconnect());
    }

    @Test
    void nothingForThreeHeartbeats() {
        inStep();
        answered(10, 0);
        now += millis(2999);
        assertThat(handle(new LinkEvent.Tick())).doesNotHaveAnyElementsOfTypes(Disconnect.class);
        handle(new LinkEvent.Bytes(1));
        now += millis(2999);
        assertThat(handle(new LinkEvent.Tick())).doesNotHaveAnyElementsOfTypes(Disconnect.class);
        now += millis(1);
        assertThat(handle(new LinkEvent.Tick())).contains(new Disconnect());
    }

    @Test
    void acknowledgesAtHalfTheWindowAndOneAtATime() {
        inStep();
        int sent = 0;
        for (int version = 11; version < 11 + 100; version++) {
            sent += acks(invalidate("e.1", version));
        }
        assertThat(sent).as("the first is still under way").isZero();
        assertThat(acks(answered(10, 0))).isEqualTo(1);
        answered(110, 0);
        for (int version = 111; version < 111 + 31; version++) {
            assertThat(acks(invalidate("e.1", version))).isZero();
        }
        assertThat(acks(invalidate("e.1", 142))).isEqualTo(1);
    }

    @Test
    void acknowledgesAProofAtOnceAndAnythingEveryHeartbeat() {
        inStep();
        answered(10, 0);
        now += millis(50);
        assertThat(acks(bookmark("e.1", 11, 1)))
                .as("a new heartbeat came through")
                .isEqualTo(1);
        answered(11, 0);
        now += millis(50);
        assertThat(acks(bookmark("e.1", 12, 1))).as("the same heartbeat").isZero();
        now += millis(400);
        assertThat(acks(handle(new LinkEvent.Tick()))).as("not yet").isZero();
        now += millis(50);
        assertThat(acks(handle(new LinkEvent.Tick())))
                .as("half a heartbeat later")
                .isEqualTo(1);
        answered(12, 0);
        now += millis(1000);
        assertThat(acks(handle(new LinkEvent.Tick())))
                .as("at least every heartbeat")
                .isEqualTo(1);
    }

    @Test
    void staleness() {
        inStep();
        long sent = now;
        now += millis(30);
        answered(12, 200);
        assertThat(machine.view().currentAsOf()).as("12 is not applied yet").isNull();
        now += millis(30);
        bookmark("e.1", 12, 1);
        assertThat(machine.view().currentAsOf()).isEqualTo(sent - millis(200));
        assertThat(machine.view().staleness(now)).isEqualTo(millis(260));
        handle(new LinkEvent.Lost(1, "cut"));
        assertThat(machine.view().staleness(now + millis(1000)))
                .as("it goes on")
                .isEqualTo(millis(1260));
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 409})
    void aSessionThatIsGoneIsBegunAnewFromTheCursor(int status) {
        inStep();
        assertThat(handle(new LinkEvent.AckRefused(1, status))).contains(new Disconnect());
        now = machine.deadline();
        assertThat(handle(new LinkEvent.Tick())).containsExactly(new Connect(2, 0, at("e.1", 10)));
    }

    @Test
    void aHomeThatAcceptsAndNeverGreetsIsGivenUp() {
        handle(new LinkEvent.Start());
        now = machine.deadline() - 1;
        // Bytes are no greeting.
        handle(new LinkEvent.Bytes(1));
        assertThat(handle(new LinkEvent.Tick())).isEmpty();
        now++;
        assertThat(handle(new LinkEvent.Tick())).contains(new Disconnect());
        assertThat(machine.view().lastError()).contains("did not greet");
    }

    @Test
    void whatAFormerSessionClaimedProvesNothingToThisOne() {
        inStep();
        answered(12, 0);
        reconnect();
        frame(2, "hello", null, helloData("e.1", "10"));
        frame(
                2,
                "bookmark",
                "e.1:12",
                "{\"up_to_version\":12,\"visible_version\":12,\"as_of\":\"2026-01-01T00:00:00Z\"}");
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 12));
        assertThat(machine.view().currentAsOf()).isNull();
    }

    @Test
    void acknowledgementsThatAreRefusedShowAndGoOn() {
        inStep();
        assertThat(handle(new LinkEvent.AckRefused(1, 500))).isEmpty();
        assertThat(machine.view().lastError()).contains("500");
        now += millis(1000);
        assertThat(acks(handle(new LinkEvent.Tick()))).isEqualTo(1);
        answered(10, 0);
        assertThat(machine.view().lastError()).isNull();
    }

    @Test
    void anIdUsedTwiceIsSaidLoudlyAndNotFoughtFor() {
        inStep();
        List<LinkAction> actions = frame(1, "goodbye", null, "{\"reason\":\"superseded\",\"retry_ms\":0}");
        assertThat(actions)
                .anySatisfy(action -> assertThat(action)
                        .isInstanceOfSatisfying(
                                Say.class, say -> assertThat(say.line()).contains("perigee.edge.id")));
        assertThat(machine.deadline() - now)
                .isGreaterThanOrEqualTo(Duration.ofSeconds(30).toNanos());
    }

    @Test
    void waitsAsLongAsHomeAsks() {
        inStep();
        frame(1, "goodbye", null, "{\"reason\":\"drain\",\"retry_ms\":2000}");
        assertThat(machine.deadline() - now).isBetween(millis(2000), millis(2200));
    }

    @Test
    void comesBackAtOnceWhenItsTokenHasExpiredAndAsksInVainButOnce() {
        inStep();
        frame(1, "goodbye", null, "{\"reason\":\"auth\",\"retry_ms\":100}");
        assertThat(machine.deadline() - now).isBetween(millis(100), millis(300));
        now = machine.deadline();
        handle(new LinkEvent.Tick());
        handle(new LinkEvent.Refused(2, 401, "expired"));
        assertThat(machine.deadline() - now)
                .isGreaterThanOrEqualTo(Duration.ofSeconds(30).toNanos());
    }

    @Test
    void saysWhichPropertyToMendAndOnlyOnce() {
        handle(new LinkEvent.Start());
        assertThat(handle(new LinkEvent.Refused(1, 401, "unknown token")))
                .anySatisfy(action -> assertThat(action.toString()).contains("perigee.auth-token"));
        now = machine.deadline();
        handle(new LinkEvent.Tick());
        assertThat(handle(new LinkEvent.Refused(2, 401, "unknown token"))).doesNotHaveAnyElementsOfTypes(Say.class);
    }

    @Test
    void backsOffUpToFiveSeconds() {
        handle(new LinkEvent.Start());
        long longest = 0;
        for (int attempt = 1; attempt < 20; attempt++) {
            handle(new LinkEvent.Lost(attempt, "refused"));
            long wait = machine.deadline() - now;
            assertThat(wait).isBetween(millis(50), millis(5000));
            longest = Math.max(longest, wait);
            now = machine.deadline();
            handle(new LinkEvent.Tick());
        }
        assertThat(longest).isGreaterThan(millis(2500));
    }

    @Test
    void whatAFormerConnectionStillHasToSayIsIgnored() {
        inStep();
        reconnect();
        assertThat(frame(1, "invalidate", "e.1:30", "garbage")).isEmpty();
        assertThat(handle(new LinkEvent.Lost(1, "late"))).isEmpty();
    }

    @Test
    void theOperatorsChoiceIsFollowedAtAnyTimeAndRemembered() {
        assertThat(machine.view().eligibility()).isEqualTo(LinkView.UNRESTRICTED);
        handle(new LinkEvent.Start());
        hello("e.1", "null");
        Eligibility disabled = new Eligibility(false, new Capacity(null, 64, null, "eu"));
        assertThat(frame(
                        1,
                        "eligibility",
                        null,
                        "{\"enabled\":false,\"capacity\":{\"cpu_cores\":null,\"ram_mib\":64,\"geo\":\"eu\"}}"))
                .as("before the reset, and nothing to acknowledge")
                .containsExactly(new LinkAction.Follow(disabled));
        reset("e.1", 10);
        answered(10, 0);
        handle(new LinkEvent.Lost(1, "cut"));
        assertThat(machine.view().eligibility()).isEqualTo(disabled);
        resumed(2, "10");
        assertThat(machine.view().eligibility()).isEqualTo(disabled);
        assertThat(frame(2, "eligibility", null, "{\"enabled\":true}"))
                .containsExactly(new LinkAction.Follow(LinkView.UNRESTRICTED));
        assertThat(machine.view().completeTo()).isEqualTo(at("e.1", 10));
    }

    @Test
    void theOperatorsChoiceDoesNotCountForTheWindow() {
        inStep();
        answered(10, 0);
        for (int i = 0; i < 100; i++) {
            assertThat(acks(frame(1, "eligibility", null, "{\"enabled\":true}")))
                    .isZero();
        }
    }
}

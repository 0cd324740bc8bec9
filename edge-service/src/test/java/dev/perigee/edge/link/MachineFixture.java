package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.link.LinkAction.Acknowledge;
import dev.perigee.edge.link.LinkAction.Flush;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** Drives a {@link LinkMachine} and speaks like a home to it. */
abstract class MachineFixture {

    static final String TABLES = "\"tables\":[\"a.b\"],\"committed_at\":\"2026-01-01T00:00:00Z\"}";

    LinkMachine machine = machine(1);
    long now = millis(1);

    static LinkMachine machine(int homes) {
        return new LinkMachine(new Rounds(homes, new Backoff(new SplittableRandom(1))));
    }

    void resumed(int attempt, String from) {
        now = machine.deadline();
        handle(new LinkEvent.Tick());
        assertThat(frame(attempt, "hello", null, helloData("e.1", from)))
                .doesNotHaveAnyElementsOfTypes(Flush.class)
                .hasAtLeastOneElementOfType(Acknowledge.class);
    }

    void inStep() {
        handle(new LinkEvent.Start());
        hello("e.1", "null");
        reset("e.1", 10);
    }

    void reconnect() {
        handle(new LinkEvent.Lost(1, "cut"));
        now = machine.deadline();
        handle(new LinkEvent.Tick());
    }

    List<LinkAction> handle(LinkEvent event) {
        return machine.handle(event, now);
    }

    List<LinkAction> frame(int attempt, String name, String id, String data) {
        return handle(new LinkEvent.Frame(attempt, name, id, data));
    }

    List<LinkAction> hello(String epoch, String resumedFrom) {
        return frame(1, "hello", null, helloData(epoch, resumedFrom));
    }

    static String helloData(String epoch, String resumedFrom) {
        return "{\"generation\":3,\"epoch\":\"" + epoch + "\",\"home_id\":\"h\",\"resumed_from\":" + resumedFrom
                + ",\"heartbeat_ms\":1000,\"window\":64}";
    }

    List<LinkAction> reset(String epoch, long version) {
        return frame(1, "reset", epoch + ":" + version, "{\"up_to_version\":" + version + ",\"reason\":\"new\"}");
    }

    List<LinkAction> invalidate(String epoch, long version) {
        return frame(1, "invalidate", epoch + ":" + version, "{\"up_to_version\":" + version + "," + TABLES);
    }

    List<LinkAction> bookmark(String epoch, long version, int asOf) {
        return frame(
                1,
                "bookmark",
                epoch + ":" + version,
                "{\"up_to_version\":" + version + ",\"visible_version\":" + version + ",\"as_of\":\"2026-01-01T00:00:0"
                        + asOf + "Z\"}");
    }

    List<LinkAction> answered(long version, long age) {
        return handle(new LinkEvent.AckAnswered(1, new AcknowledgementAnswer(version, age)));
    }

    static int acks(List<LinkAction> actions) {
        return (int) actions.stream().filter(Acknowledge.class::isInstance).count();
    }

    static StreamPosition at(String epoch, long version) {
        return new StreamPosition(epoch, version);
    }

    static long millis(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }
}

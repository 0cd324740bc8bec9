package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.FrameParser.BadFrame;
import dev.perigee.edge.link.LinkView.Status;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.testing.Fuzz;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;

/** Any frames and events, in any order: the machine never throws, and what makes no sense leaves nothing to serve. */
class LinkMachineFuzzTest extends MachineFixture {

    private static final int STEPS = 60;
    private static final Long[] VERSIONS = {-1L, 0L, 5L, 10L, 11L, 12L, Long.MAX_VALUE, Long.MIN_VALUE};
    private static final String[] SCRAPS = {
        "null",
        "",
        "[]",
        "{}",
        "x",
        "-1",
        "1e9999",
        "\"\"",
        "[null]",
        "\"e.1\"",
        "\"2026-01-01T00:00:00Z\"",
        "true",
        "9223372036854775808",
        "\"superseded\"",
        "\"auth\"",
        "\"epoch\"",
        "{\"ram_mib\":-1}"
    };

    private int attempt;
    private Watermarks marks;
    private int inStep;
    private int distrusted;

    @Test
    void neverThrowsAndIsNeverInStepAfterGarbage() {
        Fuzz.trials(4_000, random -> {
            machine = new LinkMachine(new Rounds(1 + random.nextInt(3), new Backoff(new Random(random.nextLong()))));
            marks = new Watermarks();
            now = random.nextLong();
            attempt = 0;
            for (int step = 0; step < STEPS; step++) {
                now += millis(random.nextInt(10) == 0 ? 5_000 : random.nextInt(50));
                step(random);
            }
        });
        assertThat(inStep).as("steps after which there was something to serve").isPositive();
        assertThat(distrusted).as("frames that made no sense").isPositive();
    }

    private void step(Random random) {
        LinkEvent event = event(random);
        Status before = machine.view().status();
        boolean garbage = event instanceof LinkEvent.Frame frame
                && frame.attempt() == attempt
                && (before == Status.CONNECTING || before == Status.STREAMING)
                && makesNoSense(frame);
        List<LinkAction> actions = handle(event);
        actions.forEach(this::carryOut);
        LinkView view = machine.view();
        if (garbage || (event instanceof LinkEvent.Broken && before != Status.STOPPED)) {
            distrusted++;
            assertThat(view.completeTo()).as("after %s", event).isNull();
            assertThat(view.status()).as("after %s", event).isIn(Status.WAITING, Status.STOPPED);
        }
        // What the link calls complete and whether the fence is open go together.
        assertThat(marks.epoch())
                .as("after %s", event)
                .isEqualTo(view.completeTo() == null ? null : view.completeTo().epoch());
        assertThat(view.currentAsOf() != null && view.completeTo() == null).isFalse();
        assertThat(machine.deadline() == null).isEqualTo(view.status() == Status.STOPPED);
        inStep += view.completeTo() == null ? 0 : 1;
    }

    private void carryOut(LinkAction action) {
        if (action instanceof LinkAction.Connect connect) {
            attempt = connect.attempt();
        } else if (action instanceof LinkAction.Raise raise) {
            marks.raise(raise.event());
        } else if (action instanceof LinkAction.ResetTo reset) {
            marks.reset(reset.position());
        } else if (action instanceof LinkAction.Flush) {
            marks.close();
        } else if (action instanceof LinkAction.Acknowledge acknowledge) {
            assertThat(machine.view().cursor()).isNotNull();
            assertThat(acknowledge.upTo().version())
                    .isEqualTo(machine.view().cursor().version());
        }
    }

    private static boolean makesNoSense(LinkEvent.Frame frame) {
        try {
            FrameParser.parse(frame);
            return false;
        } catch (BadFrame bad) {
            return true;
        }
    }

    private LinkEvent event(Random random) {
        int about = random.nextInt(20) == 0 ? attempt - 1 : attempt;
        return switch (random.nextInt(16)) {
            case 0 -> new LinkEvent.Start();
            case 1 -> random.nextInt(10) == 0 ? new LinkEvent.Stop() : new LinkEvent.Start();
            case 2, 3, 4 -> new LinkEvent.Tick();
            case 5 ->
                Fuzz.any(
                        random,
                        new LinkEvent.Bytes(about),
                        new LinkEvent.Lost(about, "cut"),
                        new LinkEvent.Broken("broken"),
                        new LinkEvent.Refused(about, random.nextInt(700), "no"));
            case 6 ->
                Fuzz.any(
                        random,
                        new LinkEvent.AckFailed(about),
                        new LinkEvent.AckRefused(about, random.nextBoolean() ? 409 : random.nextInt(700)));
            case 7 ->
                new LinkEvent.AckAnswered(
                        about, new AcknowledgementAnswer(Fuzz.any(random, VERSIONS), Fuzz.any(random, VERSIONS)));
            default -> frame(about, random);
        };
    }

    /** What would come next, mostly, so that the machine gets somewhere. */
    private LinkEvent.Frame frame(int about, Random random) {
        boolean first = machine.view().status() == Status.CONNECTING;
        String epoch = random.nextInt(10) == 0 ? "e.2" : "e.1";
        long version = 10L + random.nextInt(4);
        String id = epoch + ":" + version;
        LinkEvent.Frame frame =
                switch (first ? 0 : random.nextInt(6)) {
                    case 0 -> new LinkEvent.Frame(about, "hello", null, helloData(epoch, resumed(random)));
                    case 1 ->
                        new LinkEvent.Frame(about, "invalidate", id, "{\"up_to_version\":" + version + "," + TABLES);
                    case 2 ->
                        new LinkEvent.Frame(
                                about,
                                "bookmark",
                                id,
                                "{\"up_to_version\":" + version
                                        + ",\"visible_version\":0,\"as_of\":\"2026-01-01T00:00:0" + random.nextInt(10)
                                        + "Z\"}");
                    case 3 -> new LinkEvent.Frame(about, "eligibility", null, "{\"enabled\":true,\"capacity\":null}");
                    case 4 ->
                        random.nextInt(4) == 0
                                ? new LinkEvent.Frame(
                                        about, "goodbye", null, "{\"reason\":\"drain\",\"retry_ms\":" + version + "}")
                                : new LinkEvent.Frame(about, null, null, null);
                    default ->
                        new LinkEvent.Frame(
                                about, "reset", id, "{\"up_to_version\":" + version + ",\"reason\":\"new\"}");
                };
        return random.nextInt(6) == 0 ? spoilt(frame, random) : frame;
    }

    private String resumed(Random random) {
        return machine.view().completeTo() == null || random.nextInt(10) == 0
                ? "null"
                : Long.toString(machine.view().completeTo().version());
    }

    private static LinkEvent.Frame spoilt(LinkEvent.Frame frame, Random random) {
        String scrap = SCRAPS[random.nextInt(SCRAPS.length)];
        String data = frame.data();
        return switch (random.nextInt(5)) {
            case 0 -> new LinkEvent.Frame(frame.attempt(), scrap, frame.id(), data);
            case 1 -> new LinkEvent.Frame(frame.attempt(), frame.name(), scrap, data);
            case 2 -> new LinkEvent.Frame(frame.attempt(), frame.name(), frame.id(), scrap);
            case 3 -> new LinkEvent.Frame(frame.attempt(), frame.name(), frame.id(), null);
            // A member gone, or of another kind.
            default ->
                new LinkEvent.Frame(
                        frame.attempt(),
                        frame.name(),
                        frame.id(),
                        data == null
                                ? scrap
                                : random.nextBoolean()
                                        ? data.replaceFirst(",\"[a-z_]+\":[^,}\\[]+", "")
                                        : data.replaceFirst(
                                                ":[^,}\\[]+(?=[,}])", Matcher.quoteReplacement(":" + scrap)));
        };
    }
}

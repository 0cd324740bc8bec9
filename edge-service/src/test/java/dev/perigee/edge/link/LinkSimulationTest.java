package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The link against homes that compact, each as far in decoding as it happens to be, over a network that cuts streams at
 * any byte, repeats frames, and swaps them. Whatever happens: a result that passes the fence lacks no change of its table that the link calls complete, and no
 * commit from before the moment the link calls itself current as of. And once the network behaves, the link catches up.
 */
class LinkSimulationTest {

    private static final String EPOCH = "7.1.1";
    private static final int TABLES = 4;
    private static final int HOMES = 3;

    private Random random;
    private long now;
    private final Watermarks marks = new Watermarks();
    private LinkMachine machine;
    private int attempt;

    private final List<Change> changes = new ArrayList<>();
    private final List<Home> homes = new ArrayList<>();

    /** The session: where it stands, and what is on its way. */
    private Home home = new Home();

    private long sessionCursor;

    private long lastBookmark;
    private boolean open;
    private final Deque<LinkEvent.Frame> wire = new ArrayDeque<>();
    private final Deque<LinkEvent> answers = new ArrayDeque<>();
    private int flushes;
    private int resumes;
    private int resumedBehindUs;
    private Boolean enabledSaid;

    private record Change(long version, int table, long at) {}

    /** What of the changes it has decoded, and its compacted log. */
    private final class Home {
        private boolean hangs;
        private int decoded;
        private final Map<Integer, Long> latest = new TreeMap<>();
        private long head = 1;
        private long heartbeatSent;

        /** A heartbeat is written now, and read back when everything before it was. */
        void decode() {
            if (decoded < changes.size()) {
                Change change = changes.get(decoded++);
                latest.put(change.table, change.version);
                head = change.version;
            }
            if (decoded == changes.size()) {
                heartbeatSent = now;
            } else {
                heartbeatSent = Math.max(heartbeatSent, changes.get(decoded).at - 1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void neverWrongAndAlwaysCatchesUp(long seed) {
        random = new Random(seed);
        machine = new LinkMachine(new Rounds(HOMES, new Backoff(new Random(seed))));
        for (int i = 0; i < HOMES; i++) {
            homes.add(new Home());
        }
        handle(new LinkEvent.Start());
        // Until it was interesting enough.
        for (int step = 0; step < 3_000 || (step < 50_000 && resumedBehindUs < 3); step++) {
            now += Duration.ofMillis(random.nextInt(20)).toNanos();
            step(true);
            check();
        }
        assertThat(flushes).isPositive();
        assertThat(resumes).isPositive();
        assertThat(resumedBehindUs).isPositive();
        for (int step = 0; step < 2_000; step++) {
            now += Duration.ofMillis(10).toNanos();
            step(false);
            check();
        }
        for (Home each : homes) {
            while (each.decoded < changes.size()) {
                each.decode();
            }
        }
        for (int step = 0; step < 500; step++) {
            now += Duration.ofMillis(10).toNanos();
            deliver(false);
            tick();
        }
        assertThat(machine.view().completeTo()).isEqualTo(new StreamPosition(EPOCH, home.head));
        assertThat(machine.view().staleness(now))
                .isLessThan(Duration.ofSeconds(6).toNanos());
    }

    private void step(boolean faults) {
        switch (random.nextInt(6)) {
            case 0 -> changes.add(new Change(lastVersion() + 1 + random.nextInt(3), random.nextInt(TABLES), now));
            case 1 ->
                homes.forEach(each -> {
                    // Now and then one of them hangs, and then catches up.
                    each.hangs = random.nextInt(20) == 0 ? !each.hangs : each.hangs;
                    for (int i = each.hangs ? 0 : random.nextInt(5); i > 0; i--) {
                        each.decode();
                    }
                });
            case 2 -> fill();
            case 3 -> {
                if (!answers.isEmpty()) {
                    handle(answers.removeFirst());
                }
            }
            case 4 -> tick();
            default -> deliver(faults);
        }
    }

    /** Home sends at most one frame more. */
    private void fill() {
        if (!open) {
            return;
        }
        long next = home.latest.values().stream()
                .filter(v -> v > sessionCursor)
                .min(Long::compare)
                .orElse(-1L);
        if (next > 0) {
            TreeSet<String> tables = new TreeSet<>();
            home.latest.forEach((table, version) -> {
                if (version == next) {
                    tables.add("\"t." + table + "\"");
                }
            });
            sessionCursor = next;
            send("invalidate", next, "\"tables\":" + tables + ",\"committed_at\":\"2026-01-01T00:00:00Z\"");
        } else if (home.head > lastBookmark && home.head >= sessionCursor) {
            lastBookmark = home.head;
            send("bookmark", home.head, "\"visible_version\":" + home.head + ",\"as_of\":\"2026-01-01T00:00:00Z\"");
        }
    }

    private void send(String name, long version, String rest) {
        wire.addLast(new LinkEvent.Frame(
                attempt, name, EPOCH + ":" + version, "{\"up_to_version\":" + version + "," + rest + "}"));
    }

    private void deliver(boolean faults) {
        if (!faults) {
            fill();
        }
        if (wire.isEmpty()) {
            return;
        }
        int fate = faults ? random.nextInt(100) : 100;
        LinkEvent.Frame frame = wire.removeFirst();
        if (fate < 4) {
            // The connection breaks: this frame and all behind it are lost.
            wire.clear();
            handle(new LinkEvent.Lost(attempt, "cut"));
        } else if (fate < 5 && frame.data() != null) {
            // It breaks in the middle of a frame, and what there is comes through as if it were whole.
            int cut = random.nextInt(frame.data().length());
            handle(new LinkEvent.Frame(
                    attempt,
                    frame.name(),
                    frame.id(),
                    cut == 0 ? null : frame.data().substring(0, cut)));
        } else if (fate < 9) {
            handle(frame);
            handle(frame);
        } else if (fate < 10 && !wire.isEmpty()) {
            LinkEvent.Frame second = wire.removeFirst();
            handle(second);
            handle(frame);
        } else {
            handle(frame);
        }
        while (!faults && !answers.isEmpty()) {
            handle(answers.removeFirst());
        }
    }

    private void tick() {
        Long deadline = machine.deadline();
        if (deadline != null && now - deadline >= 0) {
            handle(new LinkEvent.Tick());
        }
    }

    private void handle(LinkEvent event) {
        for (LinkAction action : machine.handle(event, now)) {
            if (action instanceof LinkAction.Connect connect) {
                connect(connect);
            } else if (action instanceof LinkAction.Disconnect) {
                open = false;
                wire.clear();
                answers.clear();
            } else if (action instanceof LinkAction.Raise raise) {
                marks.raise(raise.event());
            } else if (action instanceof LinkAction.ResetTo reset) {
                marks.reset(reset.position());
            } else if (action instanceof LinkAction.Flush) {
                marks.close();
                flushes++;
            } else if (action instanceof LinkAction.Follow follow) {
                enabledSaid = follow.eligibility().enabled();
            } else if (action instanceof LinkAction.Acknowledge) {
                answers.addLast(new LinkEvent.AckAnswered(
                        attempt,
                        new AcknowledgementAnswer(
                                home.head,
                                Duration.ofNanos(now - home.heartbeatSent).toMillis() + 1)));
            }
        }
    }

    private void connect(LinkAction.Connect connect) {
        attempt = connect.attempt();
        home = homes.get(connect.home());
        open = true;
        StreamPosition cursor = connect.cursor();
        lastBookmark = 0;
        String resumed = cursor == null ? "null" : Long.toString(cursor.version());
        wire.addLast(new LinkEvent.Frame(
                attempt,
                "hello",
                null,
                "{\"generation\":" + attempt + ",\"epoch\":\"" + EPOCH + "\",\"home_id\":\"h\",\"resumed_from\":"
                        + resumed + ",\"heartbeat_ms\":1000,\"window\":64}"));
        wire.addLast(new LinkEvent.Frame(
                attempt, "eligibility", null, "{\"enabled\":" + random.nextBoolean() + ",\"capacity\":null}"));
        if (cursor == null) {
            sessionCursor = home.head;
            send("reset", home.head, "\"reason\":\"new\"");
        } else {
            sessionCursor = cursor.version();
            resumes++;
            if (sessionCursor > home.head) {
                resumedBehindUs++;
            }
        }
    }

    private void check() {
        LinkView view = machine.view();
        assertThat(view.eligibility().enabled()).isEqualTo(enabledSaid == null || enabledSaid);
        StreamPosition completeTo = view.completeTo();
        if (completeTo == null) {
            assertThat(marks.epoch()).isNull();
            return;
        }
        for (int table = 0; table < TABLES; table++) {
            int of = table;
            // The most that a read could be missing and still pass the fence.
            long mark = marks.highest(List.of("t." + of));
            CachedResult result = new CachedResult(
                    new byte[0],
                    "application/json",
                    List.of("t." + of),
                    "",
                    new StreamPosition(EPOCH, mark),
                    now,
                    Duration.ofSeconds(60));
            assertThat(marks.serves(result)).isTrue();
            assertThat(changes)
                    .as("changes of %s that a result read at %s lacks", of, mark)
                    .noneMatch(change ->
                            change.table == of && change.version > mark && change.version <= completeTo.version());
        }
        Long asOf = view.currentAsOf();
        if (asOf != null) {
            assertThat(changes).noneMatch(change -> change.at < asOf && change.version > completeTo.version());
        }
    }

    private long lastVersion() {
        return changes.isEmpty() ? 1 : changes.get(changes.size() - 1).version;
    }
}

package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.home.log.EpochLog;
import dev.perigee.model.Acknowledgement;
import dev.perigee.model.Bookmark;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Hello;
import dev.perigee.model.Interest;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.ProblemException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * Two homes and some edges in one thread, driven by seeds: commits, gaps in a feed, feeds of different speed, new epochs,
 * frames that are slow, acknowledgements that are slower, connections that break with frames and acknowledgements still
 * under way, edges that move from one home to the other and may be ahead of it. Whenever an edge applies a bookmark or a
 * reset, it must know of every change of interest up to there.
 */
class FleetSimulationTest {

    private static final int SEEDS = 2_000;
    private static final int STEPS = 150;
    private static final int TABLES = 6;
    private static final int WINDOW = 4;
    private static final String ALL = "*";

    /** The versions of neighbouring epochs differ in the remainder by this. */
    private static final long EPOCHS = 16;

    @Test
    void whatAnEdgeIsToldIsTrue() {
        Totals totals = new Totals();
        for (int seed = 0; seed < SEEDS; seed++) {
            new Simulation(seed, totals).run();
        }
        // The simulation must have been where it is interesting.
        assertThat(totals.bookmarks).isGreaterThan(SEEDS);
        assertThat(totals.resumes).isGreaterThan(SEEDS);
        assertThat(totals.windowsFull).isGreaterThan(SEEDS);
        assertThat(totals.resets).isGreaterThan(SEEDS);
        assertThat(totals.epochs).isGreaterThan(SEEDS / 10);
        assertThat(totals.fenced).isGreaterThan(SEEDS / 10);
        assertThat(totals.ahead).isGreaterThan(SEEDS / 2);
        assertThat(totals.tooFarAhead).isGreaterThan(SEEDS / 100);
        assertThat(totals.filtered).isGreaterThan(SEEDS);
    }

    private static final class Totals {
        long bookmarks;
        long resumes;
        long windowsFull;
        long resets;
        long epochs;
        long fenced;
        long ahead;
        long tooFarAhead;
        long filtered;
    }

    /** Where a home's feed is: what is committed reaches it later. */
    private static final class Home {

        private final FakeSource source = new FakeSource();
        private final Deque<Runnable> feed = new ArrayDeque<>();
        private final EdgeRegistry registry;

        Home(Supplier<Moment> clock) {
            registry = new EdgeRegistry(
                    8,
                    source,
                    new SessionSettings("home", Duration.ofSeconds(1), WINDOW, Duration.ofSeconds(2)),
                    Simulation.metrics,
                    clock);
        }

        void decode(int items) {
            for (int i = 0; i < items && !feed.isEmpty(); i++) {
                feed.removeFirst().run();
            }
        }
    }

    private static final class Simulation {

        private static final EdgeMetrics metrics = new EdgeMetrics(new SimpleMeterRegistry());

        private final int seed;
        private final Totals totals;
        private final Random random;
        private final List<Home> homes = new ArrayList<>();
        private final List<Edge> edges = new ArrayList<>();
        /** Of the present epoch, and those before: table to version, at every version at which something changed. */
        private final Map<String, TreeMap<Long, Map<String, Long>>> truth = new HashMap<>();

        private int epoch;
        private long position = 1_000;
        private long now;
        private long generation;

        Simulation(int seed, Totals totals) {
            this.seed = seed;
            this.totals = totals;
            this.random = new Random(seed);
            for (int i = 0; i < 2; i++) {
                homes.add(new Home(() -> new Moment(now, Instant.EPOCH.plusNanos(now))));
            }
            newEpoch();
            homes.forEach(home -> home.decode(1));
            for (int i = 0; i < 3; i++) {
                edges.add(new Edge("edge-" + i, i == 0 ? null : List.of("s.t" + i, "s.*" + (i + 2))));
            }
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                now += random.nextInt(100_000_000);
                int dice = random.nextInt(200);
                if (dice < 60) {
                    commit();
                } else if (dice < 70) {
                    position += EPOCHS * random.nextInt(10);
                    long head = position;
                    homes.forEach(home -> home.feed.addLast(() -> home.source.log.advance(head)));
                } else if (dice < 73) {
                    gap();
                } else if (dice < 74) {
                    newEpoch();
                } else if (dice < 110) {
                    homes.get(random.nextInt(10) == 0 ? 1 : 0).decode(1 + random.nextInt(8));
                } else {
                    edges.get(random.nextInt(edges.size())).act();
                }
            }
            settle();
        }

        private void commit() {
            commit(null);
        }

        /** Of which one home may not hear. */
        private void commit(Home deaf) {
            position += EPOCHS * (1 + random.nextInt(20));
            List<String> tables = new ArrayList<>();
            for (int i = random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(2); i > 0; i--) {
                tables.add("s.t" + random.nextInt(TABLES));
            }
            happened(tables);
            InvalidationEvent event = new InvalidationEvent(position, tables, Instant.EPOCH);
            position += EPOCHS * random.nextInt(5);
            long end = position;
            homes.stream()
                    .filter(home -> home != deaf)
                    .forEach(home -> home.feed.addLast(() -> home.source.log.append(event, end)));
        }

        private void happened(List<String> tables) {
            TreeMap<Long, Map<String, Long>> history = truth.get("1." + epoch);
            Map<String, Long> marks = new HashMap<>(history.lastEntry().getValue());
            (tables.isEmpty() ? List.of(ALL) : tables).forEach(table -> marks.put(table, position));
            history.put(position, marks);
        }

        /** What the feed had still to deliver is lost, and some commits more, and then it is back. */
        private void gap() {
            Home home = homes.get(random.nextInt(homes.size()));
            home.feed.clear();
            for (int i = random.nextInt(3); i > 0; i--) {
                commit(home);
            }
            position += EPOCHS * (1 + random.nextInt(5));
            begin(home);
        }

        private void begin(Home home) {
            String name = "1." + epoch;
            long start = position;
            home.feed.addLast(() -> home.source.begin(name, start));
        }

        /** Sometimes with lower versions than before, as after a failover; never with the very same. */
        private void newEpoch() {
            totals.epochs++;
            epoch++;
            position = Math.max(1, position / EPOCHS + random.nextInt(400) - 200) * EPOCHS + epoch % EPOCHS;
            TreeMap<Long, Map<String, Long>> history = new TreeMap<>();
            history.put(0L, new HashMap<>());
            truth.put("1." + epoch, history);
            homes.forEach(home -> {
                home.feed.clear();
                begin(home);
            });
        }

        private void settle() {
            homes.forEach(home -> home.decode(Integer.MAX_VALUE));
            for (int round = 0; round < 20; round++) {
                for (Edge edge : edges) {
                    edge.connectIfNot();
                    edge.receive(Integer.MAX_VALUE);
                    edge.acknowledge();
                }
            }
            for (Edge edge : edges) {
                EpochLog log = edge.home.source.log();
                assertThat(edge.completeTo).as("seed %d", seed).isGreaterThanOrEqualTo(log.head());
                assertThat(edge.epoch).as("seed %d", seed).isEqualTo(log.epoch());
                assertThat(edge.session.confirmed(log.head()) || edge.cursor > log.head())
                        .as("seed %d", seed)
                        .isTrue();
                assertThat(edge.session.view().lag()).as("seed %d", seed).isZero();
                totals.filtered += edge.session.view().counters().filtered();
            }
            // Resumed or not, here or there, after a reset or without: all know the same.
            for (int table = 0; table < TABLES; table++) {
                String name = "s.t" + table;
                long expected = truth.get("1." + epoch).lastEntry().getValue().getOrDefault(name, -1L);
                for (Edge edge : edges) {
                    assertThat(!edge.interest.covers(name) || edge.watermark(name) >= expected)
                            .as("seed %d", seed)
                            .isTrue();
                }
            }
        }

        /** An edge, the frames on their way to it, and how it goes about its work. */
        private final class Edge {

            private final String id;
            private final List<String> tables;
            private final Interest interest;
            private Home home;
            private EdgeSession session;
            private final Deque<Frame> underway = new ArrayDeque<>();
            private final Map<String, Long> watermarks = new HashMap<>();
            private String epoch;
            private Long cursor;
            private long completeTo = -1;
            private final Deque<Frame> unacknowledged = new ArrayDeque<>();
            private boolean greeted;

            Edge(String id, List<String> tables) {
                this.id = id;
                this.tables = tables;
                this.interest = Interest.in(tables);
            }

            void act() {
                connectIfNot();
                int dice = random.nextInt(100);
                if (dice < 45) {
                    receive(1 + random.nextInt(3));
                } else if (dice < 65) {
                    pump();
                } else if (dice < 90) {
                    acknowledge();
                } else if (dice < 97) {
                    disconnect();
                } else {
                    takeOver();
                }
            }

            void connectIfNot() {
                if (session == null) {
                    connect();
                }
            }

            private void connect() {
                underway.clear();
                greeted = false;
                // From the last bookmark: what comes between bookmarks means something to the home that sent it alone.
                cursor = completeTo < 0 ? null : Long.valueOf(completeTo);
                StreamPosition resumeFrom = cursor == null ? null : new StreamPosition(epoch, cursor);
                home = homes.get(random.nextInt(homes.size()));
                long claimed = ++generation;
                homes.forEach(each -> each.feed.addLast(() -> each.registry.claimed(id, claimed)));
                session = home.registry.register(
                        new EdgeRegistration(id, "here", "http://edge", tables), claimed, resumeFrom, () -> {});
                EpochLog log = home.source.log();
                if (resumeFrom != null && log.epoch().equals(epoch) && cursor > log.head()) {
                    totals.ahead++;
                }
                unacknowledged.clear();
            }

            /** What is under way is lost. */
            private void disconnect() {
                home.registry.ended(session);
                session = null;
            }

            private void takeOver() {
                EdgeSession before = session;
                Home homeBefore = home;
                connect();
                if (home == homeBefore) {
                    assertThatThrownBy(() ->
                                    home.registry.acknowledge(id, new Acknowledgement(before.generation(), 0, null)))
                            .isInstanceOf(ProblemException.class);
                    totals.fenced++;
                }
                homeBefore.registry.ended(before);
            }

            private void pump() {
                for (Frame frame = session.next(now); frame != null; frame = session.next(now)) {
                    underway.addLast(frame);
                    if (frame.event() instanceof Reset) {
                        unacknowledged.clear();
                    }
                    if (frame.id() != null) {
                        unacknowledged.addLast(frame);
                    }
                }
                assertThat(unacknowledged.size()).as("seed %d", seed).isLessThanOrEqualTo(WINDOW);
                if (unacknowledged.size() == WINDOW) {
                    totals.windowsFull++;
                }
            }

            void receive(int frames) {
                pump();
                for (int i = 0; i < frames && !underway.isEmpty(); i++) {
                    apply(underway.removeFirst());
                }
            }

            private void apply(Frame frame) {
                if (frame.event() instanceof Hello hello) {
                    greeted = true;
                    if (hello.resumedFrom() != null) {
                        totals.resumes++;
                        assertThat(hello.resumedFrom()).isEqualTo(cursor);
                        assertThat(hello.epoch()).isEqualTo(epoch);
                    }
                    return;
                }
                assertThat(greeted).as("seed %d: hello first", seed).isTrue();
                StreamPosition at = frame.id();
                if (at == null) {
                    return;
                }
                if (frame.event() instanceof Reset reset) {
                    totals.resets++;
                    if (reset.reason() == Reset.Reason.AHEAD) {
                        totals.tooFarAhead++;
                    }
                    epoch = at.epoch();
                    watermarks.clear();
                    watermarks.put(ALL, at.version());
                    complete(at);
                } else {
                    assertThat(at.epoch()).as("seed %d", seed).isEqualTo(epoch);
                    assertThat(at.version()).as("seed %d", seed).isGreaterThanOrEqualTo(cursor);
                    if (frame.event() instanceof InvalidationEvent event) {
                        List<String> tables = event.concernsAllTables() ? List.of(ALL) : event.tables();
                        tables.forEach(table -> watermarks.merge(table, event.upToVersion(), Math::max));
                    } else if (frame.event() instanceof Bookmark) {
                        totals.bookmarks++;
                        complete(at);
                    }
                }
                cursor = at.version();
            }

            /** The heart of it: every change up to here is known. */
            private void complete(StreamPosition at) {
                completeTo = at.version();
                knowsAllUpTo(at);
            }

            private void knowsAllUpTo(StreamPosition at) {
                Map<String, Long> marks =
                        truth.get(at.epoch()).floorEntry(at.version()).getValue();
                marks.forEach((table, version) -> {
                    if ((table.equals(ALL) || interest.covers(table)) && watermark(table) < version) {
                        throw new AssertionError("seed " + seed + ": at " + at + " " + table + " is known up to "
                                + watermark(table) + ", and changed at " + version);
                    }
                });
            }

            long watermark(String table) {
                return Math.max(watermarks.getOrDefault(ALL, -1L), watermarks.getOrDefault(table, -1L));
            }

            void acknowledge() {
                if (cursor == null) {
                    return;
                }
                home.registry.acknowledge(id, new Acknowledgement(session.generation(), cursor, null));
                while (!unacknowledged.isEmpty()
                        && unacknowledged.peekFirst().id().epoch().equals(epoch)
                        && unacknowledged.peekFirst().id().version() <= cursor) {
                    unacknowledged.removeFirst();
                }
                if (session.provenHead() != null) {
                    assertThat(epoch)
                            .as("seed %d", seed)
                            .isEqualTo(home.source.log().epoch());
                    assertThat(session.confirmed(cursor + 1))
                            .as("seed %d", seed)
                            .isFalse();
                    if (session.confirmed(cursor)) {
                        knowsAllUpTo(new StreamPosition(epoch, cursor));
                    }
                }
            }
        }
    }
}

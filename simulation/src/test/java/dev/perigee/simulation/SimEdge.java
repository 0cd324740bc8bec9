package dev.perigee.simulation;

import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Statements;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.EdgeLink;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.edge.link.LinkView;
import dev.perigee.edge.query.EdgeReads;
import dev.perigee.home.edges.HomeEdges.Wire;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Interest;
import dev.perigee.model.StreamPosition;
import dev.perigee.simulation.Coverage.Happened;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** One life of an edge: the real link, watermarks, cache and read path between simulated homes and simulated clients. */
final class SimEdge extends SimProcess implements EdgeLink.World {

    private static final long SECOND = 1_000_000_000L;
    private static final long ACK_TIMEOUT = 3 * SECOND;
    private static final long REQUEST_TIMEOUT = 2 * SECOND;

    private final Cluster cluster;
    private final Dice dice;
    final String edgeId;
    final EdgeSettings settings;
    final Interest interest;
    final Watermarks marks = new Watermarks();
    final ResultCache cache;
    private final EdgeLink link;
    private final EdgeReads reads;
    private final EdgeRegistration registration;
    private SimStream stream;
    private int homePlace;
    private long tick = -1;
    /** Where resets have brought it, by their position. */
    final List<StreamPosition> resets = new ArrayList<>();
    /** In which it has been in step. */
    final Set<String> epochs = new HashSet<>();
    /** Whether anything has changed since the last look. */
    boolean touched;
    /** Acknowledgements to lose, to duplicate, to hold back. */
    int loseAcks;

    int repeatAcks;
    int lateAcks;
    boolean loseRegistration;
    boolean breakNextAction;

    /** How an edge is configured; a restart keeps it. */
    record EdgeSettings(List<String> interest, long maxStaleness, WhenStale whenStale, long staleIfError, long ttl) {}

    SimEdge(Cluster cluster, String name, String edgeId, EdgeSettings settings) {
        super(cluster.world, name);
        this.cluster = cluster;
        this.dice = world.dice;
        this.edgeId = edgeId;
        this.settings = settings;
        this.interest = Interest.in(settings.interest);
        this.cache = new ResultCache(1_000, 1 << 24, marks, this::nanos, Runnable::run);
        this.registration = new EdgeRegistration(edgeId, "r", "http://edge", settings.interest);
        this.link = new EdgeLink(cluster.homePlaces(), new Dice(dice.nextLong()), marks, cache, this::nanos, this);
        LinkProperties policy = new LinkProperties(
                edgeId,
                "r",
                "http://edge",
                Duration.ofNanos(settings.maxStaleness),
                settings.whenStale,
                Duration.ofNanos(settings.staleIfError),
                Duration.ofSeconds(3),
                Duration.ofSeconds(30),
                settings.interest);
        this.reads = new EdgeReads(
                link::view,
                cache,
                new Statements(marks, Runnable::run),
                marks,
                policy,
                Duration.ofNanos(settings.ttl),
                world.meters,
                this::nanos,
                this::instant,
                this::ask);
        after(dice.millis(0, 300), "starts", () -> touch(link::start));
    }

    LinkView view() {
        return link.view();
    }

    SimStream stream() {
        return stream;
    }

    private void touch(Runnable event) {
        touched = true;
        event.run();
        StreamPosition to = view().completeTo();
        if (to != null) {
            epochs.add(to.epoch());
        }
    }

    // The link

    @Override
    public void connect(int attempt, int home, StreamPosition cursor) {
        homePlace = home;
        SimStream mine = new SimStream(cluster, this, attempt);
        stream = mine;
        if (world.traced()) {
            world.say(name, "asks home-" + home + " for the stream from " + cursor);
        }
        if (loseRegistration) {
            loseRegistration = false;
            mine.breakSilently();
            if (dice.oneIn(2)) {
                return;
            }
            // It arrives all the same, long after we have given it up.
            world.coverage.count(Happened.STRAY_REGISTRATIONS);
            register(mine, home, cursor, dice.millis(9_000, 14_000));
            return;
        }
        if (cluster.isCut(this, home)) {
            mine.breakSilently();
            if (dice.oneIn(2)) {
                after(dice.millis(1, 3_000), "cannot connect", () -> lost(mine, "no route"));
            }
            return;
        }
        register(mine, home, cursor, cluster.delay(this));
    }

    private void register(SimStream mine, int place, StreamPosition cursor, long delay) {
        world.schedule(null, delay, "registration of " + mine + " arrives", () -> {
            SimHome home = cluster.homes[place];
            if (home == null) {
                after(cluster.delay(this), "connection refused", () -> lost(mine, "connection refused"));
            } else {
                home.after(0, "registers " + mine, () -> home.register(mine, registration, cursor));
            }
        });
    }

    @Override
    public void disconnect() {
        if (stream != null) {
            stream.edgeCloses();
        }
    }

    @Override
    public void acknowledge(int attempt, long generation, StreamPosition upTo) {
        boolean cut = cluster.isCut(this, homePlace);
        if (loseAcks > 0 || cut) {
            loseAcks = Math.max(0, loseAcks - 1);
            world.coverage.count(Happened.LOST_ACKS);
            boolean arrives = !cut && dice.oneIn(2);
            if (arrives) {
                // Only the answer is lost.
                arrive(attempt, generation, upTo, cluster.delay(this), false);
            }
            after(ACK_TIMEOUT, "has no answer to its ack", () -> touch(() -> link.ackFailed(attempt)));
            return;
        }
        long delay = cluster.delay(this);
        if (lateAcks > 0) {
            lateAcks--;
            world.coverage.count(Happened.LATE_ACKS);
            delay = dice.millis(200, 5_000);
        }
        if (repeatAcks > 0) {
            repeatAcks--;
            world.coverage.count(Happened.DUPLICATED_ACKS);
            arrive(attempt, generation, upTo, delay + dice.millis(1, 3_000), false);
        }
        arrive(attempt, generation, upTo, delay, true);
    }

    private void arrive(int attempt, long generation, StreamPosition upTo, long delay, boolean answered) {
        SimHome home = cluster.homes[homePlace];
        SimStream mine = stream;
        boolean[] done = {!answered};
        if (answered) {
            world.scheduleQuietly(this, ACK_TIMEOUT, "ack timeout", () -> !done[0], () -> {
                done[0] = true;
                touch(() -> link.ackFailed(attempt));
            });
        }
        if (home == null) {
            return;
        }
        home.after(
                delay,
                "ack of " + name + " generation " + generation + " to " + upTo,
                () -> home.acknowledge(
                        edgeId,
                        mine != null && mine.session() != null && mine.session().generation() == generation
                                ? mine
                                : null,
                        generation,
                        upTo,
                        (status, answer) -> {
                            if (done[0]) {
                                return;
                            }
                            long back = cluster.delay(this);
                            after(back, "answer to ack " + status + " " + answer, () -> {
                                if (!done[0]) {
                                    done[0] = true;
                                    touch(() -> {
                                        if (status == 200) {
                                            link.acknowledged(attempt, answer);
                                        } else {
                                            link.ackRefused(attempt, status);
                                        }
                                    });
                                }
                            });
                        }));
    }

    @Override
    public void flushed() {
        world.coverage.count(Happened.FLUSHES);
        mayBreak();
    }

    @Override
    public void reset(StreamPosition to) {
        resets.add(to);
        mayBreak();
    }

    private void mayBreak() {
        if (breakNextAction) {
            breakNextAction = false;
            world.coverage.count(Happened.BROKEN_ACTIONS);
            throw new IllegalStateException("out of order");
        }
    }

    @Override
    public void said(String line) {
        if (world.traced()) {
            world.say(name, line);
        }
    }

    @Override
    public void tickAt(Long deadline) {
        long at = deadline == null ? -1 : trueTime(deadline);
        if (at == tick) {
            return;
        }
        tick = at;
        if (at >= 0) {
            long mine = at;
            world.scheduleQuietly(this, at - world.now, "tick", () -> tick == mine, () -> {
                tick = -1;
                touch(link::tick);
            });
        }
    }

    void frame(SimStream from, Wire frame) {
        if (frame.event() == null) {
            touch(() -> link.bytes(from.attempt));
            return;
        }
        cluster.coverFrame(this, frame);
        touch(() -> {
            if (cluster.written) {
                link.frame(from.attempt, frame.name(), frame.id(), frame.data());
            } else {
                link.frame(from.attempt, frame.event(), frame.position());
            }
        });
    }

    /** A frame of which the end is missing comes through as if it were whole. */
    void half(SimStream from, Wire frame) {
        String data = frame.data();
        touch(() -> link.frame(from.attempt, frame.name(), frame.id(), data.substring(0, dice.below(data.length()))));
    }

    void lost(SimStream from, String why) {
        touch(() -> link.lost(from.attempt, why));
    }

    void refused(SimStream from, int status) {
        touch(() -> link.refused(from.attempt, status, "refused"));
    }

    void breakDown() {
        touch(() -> link.broken("an action failed"));
    }

    /** No more faults. */
    void heal() {
        loseAcks = 0;
        repeatAcks = 0;
        lateAcks = 0;
        loseRegistration = false;
        breakNextAction = false;
        if (stream != null) {
            stream.cutNext = false;
            stream.twiceNext = false;
            stream.garbleNext = false;
            stream.swapNext = false;
            stream.cutAfterRecord = false;
        }
    }

    void die() {
        alive = false;
        if (stream != null) {
            stream.edgeCloses();
        }
    }

    // Statements

    void read(String sql, String control, String minVersion, Consumer<EdgeReads.Answered> then) {
        reads.ask(
                sql,
                control,
                minVersion,
                answer -> {
                    try {
                        then.accept(answer);
                    } catch (RuntimeException | AssertionError failure) {
                        world.wrong(failure);
                    }
                },
                world::wrong);
    }

    private void ask(String sql, String minVersion, boolean readOnly, EdgeReads.Call call) {
        int place = homePlace;
        for (int i = 0; i < cluster.homePlaces() && cluster.homes[place] == null; i++) {
            place = (place + 1) % cluster.homePlaces();
        }
        SimHome home = cluster.homes[place];
        if (home == null) {
            after(cluster.delay(this), "finds no home", () -> call.fail(false, readOnly));
            return;
        }
        boolean[] done = {false};
        world.scheduleQuietly(this, REQUEST_TIMEOUT, "request timeout", () -> !done[0], () -> {
            done[0] = true;
            call.fail(true, readOnly);
        });
        if (cluster.isCut(this, place)) {
            return;
        }
        boolean lost = !readOnly && dice.oneIn(10);
        home.after(
                cluster.delay(this),
                "is asked " + sql + " by " + name,
                () -> home.query(
                        sql,
                        lost,
                        call,
                        readOnly,
                        arrival -> after(cluster.delay(this), "has the answer to " + sql, () -> {
                            if (!done[0]) {
                                done[0] = true;
                                arrival.run();
                            }
                        })));
    }
}

package dev.perigee.simulation;

import dev.perigee.edge.query.EdgeReads;
import dev.perigee.home.edges.HomeEdges;
import dev.perigee.home.query.HomeDecisions;
import dev.perigee.home.wal.FeedCore;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Goodbye;
import dev.perigee.model.StreamPosition;
import dev.perigee.simulation.Coverage.Happened;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import reactor.core.publisher.Mono;

/** One life of a home: the real log, gate, sessions and decisions between a simulated database and simulated edges. */
final class SimHome extends SimProcess {

    static final Map<Integer, String> NAMES = names();
    private static final long SECOND = 1_000_000_000L;

    private final Cluster cluster;
    private final SimDatabase database;
    private final Dice dice;
    final int place;
    final FeedCore feed;
    final SimFeed follower;
    final HomeEdges edges;
    private final HomeDecisions decisions;
    final List<SimStream> streams = new ArrayList<>();
    /** Transactions on its connections, which end with them. */
    private final List<Tx> writing = new ArrayList<>();

    private boolean pumping;
    private boolean draining;
    private int pulses;
    /** Of which edge which revision was decoded, in the epoch in which that was. */
    private final Map<String, Integer> revisions = new TreeMap<>();

    private String revisionsOf = "";

    SimHome(Cluster cluster, int place, String homeId) {
        super(cluster.world, "home-" + place);
        this.cluster = cluster;
        this.database = cluster.database;
        this.dice = world.dice;
        this.place = place;
        this.feed = new FeedCore(homeId, this::nanos, clock(), cluster.settings.retain(), NAMES, world.meters);
        this.edges = new HomeEdges(
                homeId,
                feed,
                cluster.settings.window(),
                Duration.ofSeconds(1),
                Duration.ofNanos(cluster.settings.liveness()),
                this::nanos,
                this::instant,
                this::claim,
                database.control::eligibilityRows,
                world.meters);
        this.decisions = new HomeDecisions(feed.log());
        edges.onChange(this::wake);
        this.follower = new SimFeed(cluster, this, homeId);
        after(dice.millis(1, 1000), "pulse", this::pulse);
    }

    private static Map<Integer, String> names() {
        Map<Integer, String> names = new TreeMap<>();
        for (int i = 0; i < SimDatabase.TABLES; i++) {
            names.put(16_384 + i, SimDatabase.table(i));
        }
        return names;
    }

    private Mono<Long> claim(String edgeId, String id) {
        return Mono.create(sink -> after(
                dice.micros(50, 2_000),
                "claims " + edgeId,
                () -> database.control.claim(
                        edgeId,
                        id,
                        generation ->
                                after(dice.micros(20, 1_000), "has claimed " + edgeId, () -> sink.success(generation)),
                        () -> sink.error(new ProblemException(
                                dev.perigee.model.ProblemCode.DATABASE_UNAVAILABLE, "no database")))));
    }

    // Edges

    void register(SimStream stream, EdgeRegistration registration, StreamPosition cursor) {
        world.coverage.count(Happened.REGISTRATIONS);
        edges.register(registration, cursor, this::wake)
                .subscribe(
                        session -> {
                            if (draining) {
                                session.ended();
                                stream.closedByHome("draining");
                                return;
                            }
                            stream.begin(this, session);
                            streams.add(stream);
                            if (stream.closedByEdge()) {
                                after(dice.millis(1, 50), "misses " + stream, stream::edgeIsGone);
                            }
                            wake();
                        },
                        error -> {
                            world.coverage.count(Happened.REFUSED_REGISTRATIONS);
                            stream.refused(
                                    error instanceof ProblemException problem
                                            ? problem.code().status()
                                            : 500);
                        });
    }

    /** Streams look again, soon. */
    void wake() {
        if (!pumping && !streams.isEmpty()) {
            pumping = true;
            after(dice.micros(1, 500), "wakes its streams", () -> {
                pumping = false;
                for (SimStream stream : List.copyOf(streams)) {
                    pump(stream);
                }
            });
        }
    }

    void pump(SimStream stream) {
        stream.pump(nanos());
    }

    void acknowledge(
            String edgeId,
            SimStream stream,
            long generation,
            StreamPosition upTo,
            BiConsumer<Integer, AcknowledgementAnswer> then) {
        try {
            AcknowledgementAnswer answer = edges.acknowledge(edgeId, generation, upTo);
            if (stream != null) {
                stream.acknowledged(upTo);
            }
            // Whoever it was that spoke.
            for (SimStream each : streams) {
                if (each.edge.edgeId.equals(edgeId) && each.isOpen()) {
                    cluster.checks.believed(this, each.edge, each.session());
                }
            }
            then.accept(200, answer);
        } catch (ProblemException refused) {
            int status = refused.code().status();
            if (status == 409) {
                world.coverage.count(Happened.FENCED_ACKS);
            }
            if (stream != null && stream.isOpen() && !stream.session().closed() && (status == 404 || status == 409)) {
                throw new AssertionError("(H) " + name + " has " + stream + " open, and does not know it: " + refused);
            }
            then.accept(status, null);
        }
    }

    /** The last frame of a stream is sent. */
    void takesLeave(SimStream stream, Goodbye.Reason reason) {
        long generation = stream.session().generation();
        boolean right =
                switch (reason) {
                    case EVICTED -> stream.pruned || database.control.wasEvicted(stream.edge.edgeId, generation);
                    case SUPERSEDED -> database.control.wasSuperseded(stream.edge.edgeId, generation);
                    case DRAIN -> draining;
                    case AUTH -> false;
                };
        if (!right) {
            throw new AssertionError("(H) " + name + " ends " + stream + " of generation " + generation + " as "
                    + reason + ", which it is not");
        }
    }

    void backfilled(String epoch) {
        if (!epoch.equals(revisionsOf)) {
            revisions.clear();
            revisionsOf = epoch;
        }
        goesByTheLatestRevision();
    }

    void decoded(Tx tx) {
        if (tx.concerns != null) {
            revisions.merge(tx.concerns, tx.revision, Math::max);
            goesByTheLatestRevision();
        }
    }

    private void goesByTheLatestRevision() {
        revisions.forEach((edge, revision) -> {
            if (edges.revision(edge) < revision) {
                throw new AssertionError("(H) " + name + " goes by revision " + edges.revision(edge) + " for " + edge
                        + ", and has decoded " + revision);
            }
        });
    }

    private void pulse() {
        wake();
        if (pulses++ % 2 == 0) {
            List<String> pruned = edges.prune();
            streams.forEach(stream -> stream.pruned |= pruned.contains(stream.edge.edgeId));
            world.coverage.count(Happened.PRUNED, pruned.size());
        }
        if (pulses % 3 == 0 && database.up && follower.following()) {
            compare();
        }
        after(SECOND / 2, "pulse", this::pulse);
    }

    /** First what is visible, then the rows; they take their time. */
    private void compare() {
        StreamPosition visible = feed.visible();
        after(dice.micros(30, 3_000), "reads who may cache", () -> {
            if (database.up) {
                List<EdgeEligibility> rows = database.control.eligibilityRows();
                after(dice.micros(30, 20_000), "compares who may cache", () -> {
                    edges.compare(visible, rows);
                    goesByTheLatestRevision();
                });
            }
        });
    }

    void drain() {
        draining = true;
        edges.drain();
        wake();
    }

    /** The process is gone, and with it every connection. */
    void die() {
        alive = false;
        follower.die();
        for (Tx tx : writing) {
            if (database.isRunning(tx) && tx.commitLsn == 0) {
                database.rollback(tx);
            }
        }
        for (SimStream stream : List.copyOf(streams)) {
            stream.homeIsGone();
        }
        streams.clear();
    }

    // Statements, as QueryService runs them

    /** Runs a statement on a connection that was made in this epoch. */
    void query(String sql, boolean lost, EdgeReads.Call call, boolean readOnly, Reach back) {
        if (!database.up) {
            back.send(() -> call.answer(503, "{}", null, null, null, null));
            return;
        }
        String epoch = database.epoch();
        if (sql.startsWith("w:")) {
            write(sql, epoch, lost, call, back);
            return;
        }
        StreamPosition gate = feed.visible();
        StreamPosition stamp = gate != null && gate.epoch().equals(epoch) ? gate : null;
        Set<String> known = stamp == null ? null : decisions.find(sql, stamp);
        if (known != null) {
            execute(sql, epoch, stamp, known, call, back);
        } else {
            after(dice.micros(30, 1_500), "plans " + sql, () -> {
                if (!database.up || !epoch.equals(database.epoch())) {
                    back.send(() -> call.answer(503, "{}", null, null, null, null));
                    return;
                }
                Set<String> tables = tables(cluster.tablesOf(sql));
                after(dice.micros(10, 1_000), "has planned " + sql, () -> {
                    if (stamp != null) {
                        decisions.remember(sql, tables, stamp);
                    }
                    execute(sql, epoch, stamp, tables, call, back);
                });
            });
        }
    }

    static List<String> names(int mask) {
        return List.copyOf(tables(mask));
    }

    private static Set<String> tables(int mask) {
        Set<String> tables = new TreeSet<>();
        for (int i = 0; i < SimDatabase.TABLES; i++) {
            if ((mask & 1 << i) != 0) {
                tables.add(SimDatabase.table(i));
            }
        }
        return tables;
    }

    private void execute(
            String sql, String epoch, StreamPosition stamp, Set<String> tables, EdgeReads.Call call, Reach back) {
        after(dice.micros(20, 4_000), "runs " + sql, () -> {
            if (!database.up || !epoch.equals(database.epoch())) {
                back.send(() -> call.answer(503, "{}", null, null, null, null));
                return;
            }
            int read = cluster.read(sql);
            if (stamp == null) {
                world.coverage.count(Happened.GATE_CLOSED);
            }
            String names = String.join(",", new TreeSet<>(tables));
            after(
                    dice.micros(10, 2_000),
                    "has run " + sql,
                    () -> back.send(() -> call.answer(
                            200,
                            Integer.toString(read),
                            stamp == null ? null : stamp.toString(),
                            stamp == null ? "gate-closed" : "cacheable",
                            stamp == null ? null : names,
                            cluster.ttlOf(sql))));
        });
    }

    private void write(String sql, String epoch, boolean lost, EdgeReads.Call call, Reach back) {
        Tx tx = database.begin(Integer.parseInt(sql.substring(2, sql.indexOf(':', 2))));
        writing.add(tx);
        tx.done = committed -> {
            if (!committed) {
                back.send(() -> call.fail(true, false));
                return;
            }
            // In the same session: the version includes what it has committed.
            StreamPosition version = new StreamPosition(epoch, database.position());
            int token = cluster.token(version, tx);
            back.send(() -> {
                if (lost) {
                    call.fail(true, false);
                } else {
                    call.answer(200, "w" + token, version.toString(), "write", null, null);
                }
            });
        };
        after(dice.micros(10, 3_000), "writes " + sql, () -> {
            if (database.up && database.isRunning(tx)) {
                database.commit(tx, cluster.commitMode());
            }
        });
    }

    /** The way back to who asked: how long it takes, if it leads anywhere. */
    interface Reach {
        void send(Runnable arrival);
    }
}

package dev.perigee.simulation;

import dev.perigee.edge.query.EdgeReads;
import dev.perigee.home.edges.HomeEdges;
import dev.perigee.home.query.HomeDecisions;
import dev.perigee.home.wal.FeedCore;
import dev.perigee.home.wal.FeedCore.Decoded;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.EdgeRegistration;
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
    private static final long SILENCE = 5 * SECOND;

    private final Cluster cluster;
    private final SimDatabase database;
    private final Dice dice;
    final int place;
    private final String homeId;
    final FeedCore feed;
    final HomeEdges edges;
    private final HomeDecisions decisions;
    final List<SimStream> streams = new ArrayList<>();
    /** Transactions on its connections, which end with them. */
    private final List<SimDatabase.Tx> writing = new ArrayList<>();

    /** Counts the sessions of the feed; what belongs to a former one is ignored. */
    private int session;

    private boolean following;
    private boolean asking;
    private long pause;
    private int next;
    private boolean decoding;
    private boolean pumping;
    private boolean draining;
    private int pulses;
    private String walEpoch = "";

    SimHome(Cluster cluster, int place, String homeId) {
        super(cluster.world, "home-" + place);
        this.cluster = cluster;
        this.database = cluster.database;
        this.dice = world.dice;
        this.place = place;
        this.homeId = homeId;
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
                database::eligibilityRows,
                world.meters);
        this.decisions = new HomeDecisions(feed.log());
        edges.onChange(this::wake);
        after(dice.millis(0, 200), "connects its feed", this::connect);
        after(dice.millis(1, 1000), "pulse", this::pulse);
    }

    private static Map<Integer, String> names() {
        Map<Integer, String> names = new TreeMap<>();
        for (int i = 0; i < SimDatabase.TABLES; i++) {
            names.put(16_384 + i, SimDatabase.table(i));
        }
        return names;
    }

    // The feed

    private void connect() {
        if (following) {
            return;
        }
        int mine = ++session;
        if (!database.up) {
            again();
            return;
        }
        String epoch = database.epoch();
        after(dice.micros(200, 5_000), "asks for a slot", () -> {
            if (mine != session) {
                return;
            }
            if (!database.up || !epoch.equals(database.epoch())) {
                again();
                return;
            }
            Long durable = cluster.slots.get(homeId);
            if (durable != null) {
                begin(mine, epoch, durable);
            } else {
                database.createSlot(this, position -> {
                    if (cluster.settings.durable()) {
                        cluster.slots.put(homeId, position);
                    }
                    begin(mine, epoch, position);
                });
            }
        });
        // Nobody may tell us that the server is gone.
        after(SILENCE, "looks whether it is connected", () -> {
            if (mine == session && !following) {
                again();
            }
        });
    }

    private void again() {
        session++;
        after(dice.millis(50, 500), "connects its feed", this::connect);
    }

    private void begin(int mine, String epoch, long position) {
        after(dice.micros(50, 3_000), "reads what it must know", () -> {
            if (stale(mine, epoch)) {
                return;
            }
            feed.backfill(epoch);
            // As VisibilityProver.snapshotOfAll does it.
            database.takeId();
            String snapshot = database.snapshot();
            after(dice.micros(50, 3_000), "begins to follow", () -> {
                if (stale(mine, epoch)) {
                    return;
                }
                follow(mine, epoch, position, snapshot);
            });
        });
    }

    private boolean stale(int mine, String epoch) {
        return mine != session || !database.up || !epoch.equals(database.epoch());
    }

    private void follow(int mine, String epoch, long position, String snapshot) {
        long from = feed.continuation(epoch, position);
        boolean first = feed.log().current() == null;
        boolean same = !first && feed.log().current().epoch().equals(epoch);
        long head = same ? feed.log().current().head() : 0;
        feed.begin(epoch, from, snapshot);
        world.coverage.count(Happened.FEED_SESSIONS);
        if (same && from - 1 > head) {
            world.coverage.count(Happened.ERAS);
            cluster.eras.add(from - 1);
        } else if (same) {
            world.coverage.count(Happened.FEEDS_RESUMED);
        }
        if (feed.gate().read() == null) {
            world.coverage.count(Happened.GATE_OPENED_LATE);
        }
        if (world.traced()) {
            world.say(name, "follows " + epoch + " from " + from + " with " + snapshot);
        }
        following = true;
        walEpoch = epoch;
        next = 0;
        while (next < database.wal.size() && database.wal.get(next).lsn() < from) {
            next++;
        }
        database.follow(this);
        pause = 0;
        kick();
        walFlushed();
        beat(mine);
    }

    private void beat(int mine) {
        if (mine != session || !following) {
            return;
        }
        String content = feed.beat();
        if (walEpoch.equals(database.epoch())) {
            database.emit(content);
        }
        after(SECOND, "beats", () -> beat(mine));
    }

    /** There may be more to decode. */
    void walFlushed() {
        if (!decoding && following) {
            decoding = true;
            long delay = cluster.slowFeed[place] ? dice.millis(20, 400) : dice.micros(50, 3_000);
            after(delay, "decodes", this::decode);
        }
    }

    private void decode() {
        decoding = false;
        if (!following || !walEpoch.equals(database.epoch())) {
            return;
        }
        int most = 1 + dice.below(8);
        boolean committed = false;
        while (most > 0 && next < database.wal.size() && database.wal.get(next).end() <= database.flushed()) {
            SimDatabase.WalRecord record = database.wal.get(next);
            SimDatabase.Tx tx = record.tx();
            next++;
            most--;
            if (tx == null) {
                feed.outside(record.end(), record.message());
                confirm(record.end());
            } else {
                List<Integer> oids = new ArrayList<>();
                for (int i = 0; i < SimDatabase.TABLES; i++) {
                    if ((tx.tables & 1 << i) != 0) {
                        oids.add(16_384 + i);
                    }
                }
                feed.decoded(
                        new Decoded((int) tx.xid, tx.commitLsn, tx.endLsn, tx.committedAt / 1_000, oids, tx.messages));
                confirm(tx.endLsn);
                committed = true;
            }
        }
        if (committed) {
            kick();
        }
        if (next < database.wal.size() && database.wal.get(next).end() <= database.flushed()) {
            walFlushed();
        }
    }

    private void confirm(long lsn) {
        long forget = feed.confirm(lsn, nanos());
        if (cluster.settings.durable() && forget > 0 && cluster.slots.containsKey(homeId)) {
            cluster.slots.merge(homeId, forget, Math::max);
        }
    }

    /** As VisibilityProver does it. */
    private void kick() {
        pause = 2_000_000;
        if (!asking && feed.gate().pending() > 0) {
            asking = true;
            ask(session, 0);
        }
    }

    private void ask(int mine, long delay) {
        after(delay + dice.micros(30, 2_000), "snapshot", () -> {
            if (mine != session || !following || !walEpoch.equals(database.epoch()) || !database.up) {
                asking = false;
                return;
            }
            String snapshot = database.snapshot();
            after(dice.micros(30, 2_000), "proof", () -> proven(mine, snapshot));
        });
    }

    private void proven(int mine, String snapshot) {
        if (mine != session || !following) {
            asking = false;
            if (following) {
                kick();
            }
            return;
        }
        int before = feed.gate().pending();
        feed.prove(snapshot);
        int left = feed.gate().pending();
        if (world.traced()) {
            world.say(name, "proves with " + snapshot + ", visible " + feed.visible());
        }
        if (left == 0) {
            asking = false;
            return;
        }
        pause = left < before ? 2_000_000 : Math.min(64_000_000, pause * 2);
        ask(mine, pause);
    }

    /** The server is gone; whether we notice is another matter. */
    void databaseGone() {
        after(dice.oneIn(4) ? SILENCE : dice.micros(10, 50_000), "misses the database", this::loseFeed);
    }

    /** The connections of the feed break. */
    void loseFeed() {
        session++;
        asking = false;
        if (following) {
            following = false;
            feed.end();
            database.unfollow(this);
        }
        after(dice.millis(50, 300), "connects its feed", this::connect);
    }

    private Mono<Long> claim(String edgeId, String id) {
        return Mono.create(sink -> after(
                dice.micros(50, 2_000),
                "claims " + edgeId,
                () -> database.claim(
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
            long version,
            BiConsumer<Integer, AcknowledgementAnswer> then) {
        try {
            AcknowledgementAnswer answer = edges.acknowledge(edgeId, generation, version);
            if (stream != null) {
                stream.acknowledged(version);
            }
            then.accept(200, answer);
        } catch (ProblemException refused) {
            if (refused.code().status() == 409) {
                world.coverage.count(Happened.FENCED_ACKS);
            }
            then.accept(refused.code().status(), null);
        }
    }

    private void pulse() {
        wake();
        if (pulses++ % 2 == 0) {
            world.coverage.count(Happened.PRUNED, edges.prune().size());
        }
        if (pulses % 8 == 0 && database.up && following) {
            StreamPosition visible = feed.visible();
            edges.compare(visible, database.eligibilityRows());
        }
        after(SECOND / 2, "pulse", this::pulse);
    }

    void drain() {
        draining = true;
        edges.drain();
        wake();
    }

    /** The process is gone, and with it every connection. */
    void die() {
        alive = false;
        session++;
        database.unfollow(this);
        for (SimDatabase.Tx tx : writing) {
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
        SimDatabase.Tx tx = database.begin(Integer.parseInt(sql.substring(2, sql.indexOf(':', 2))));
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

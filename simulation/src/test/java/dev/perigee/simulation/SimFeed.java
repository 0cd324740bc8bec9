package dev.perigee.simulation;

import dev.perigee.home.wal.FeedCore;
import dev.perigee.home.wal.FeedCore.Decoded;
import dev.perigee.simulation.Coverage.Happened;
import java.util.ArrayList;
import java.util.List;

/** How a home reads the WAL: its slot, what it decodes and when, and the snapshots that prove what is visible. */
final class SimFeed {

    private static final long SECOND = 1_000_000_000L;
    private static final long SILENCE = 5 * SECOND;

    private final World world;
    private final Cluster cluster;
    private final SimDatabase database;
    private final Dice dice;
    private final SimHome home;
    private final String homeId;
    private final FeedCore feed;

    /** Counts the sessions of the feed; what belongs to a former one is ignored. */
    private int session;

    private boolean following;
    private boolean asking;
    private long pause;
    private int next;
    private boolean decoding;
    private long heldUntil;
    private boolean behind;
    /** A process that has just started may take its time, and its slot may have much for it. */
    private final long coldUntil;

    private String walEpoch = "";

    SimFeed(Cluster cluster, SimHome home, String homeId) {
        this.world = cluster.world;
        this.cluster = cluster;
        this.database = cluster.database;
        this.dice = world.dice;
        this.home = home;
        this.homeId = homeId;
        this.feed = home.feed;
        this.coldUntil = dice.oneIn(2) ? world.now + dice.millis(200, 3_000) : 0;
        after(dice.millis(0, 200), "connects its feed", this::connect);
    }

    boolean following() {
        return following;
    }

    private void after(long delay, String what, Runnable task) {
        home.after(delay, what, task);
    }

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
                database.createSlot(home, position -> {
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
            home.backfilled(epoch);
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
        boolean same =
                feed.log().current() != null && feed.log().current().epoch().equals(epoch);
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
            world.say(home.name, "follows " + epoch + " from " + from + " with " + snapshot);
        }
        following = true;
        walEpoch = epoch;
        next = 0;
        // A slot gives nothing from before it, whatever is asked of it.
        long first = Math.max(from, position);
        while (next < database.wal.size() && database.wal.get(next).lsn() < first) {
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
            long delay = cluster.slowFeed[home.place]
                    ? dice.millis(20, 400)
                    : isCold() ? dice.millis(1, 60) : dice.micros(50, 3_000);
            after(Math.max(delay, heldUntil - world.now), "decodes", this::decode);
        }
    }

    private boolean isCold() {
        return world.now < coldUntil;
    }

    /** It decodes nothing for so long, as with a transaction of a million rows. */
    void hold(long time) {
        heldUntil = world.now + time;
    }

    /** The same, and nobody {@linkplain #release ends} it before. */
    void fallBehind(long time) {
        hold(time);
        behind = true;
    }

    void release() {
        if (behind) {
            return;
        }
        heldUntil = 0;
        if (decoding) {
            after(0, "decodes again", this::decode);
        }
    }

    private void decode() {
        decoding = false;
        if (!following || !walEpoch.equals(database.epoch())) {
            return;
        }
        int most = isCold() ? 1 : 1 + dice.below(8);
        boolean committed = false;
        while (most > 0 && next < database.wal.size() && database.wal.get(next).end() <= database.flushed()) {
            SimDatabase.WalRecord record = database.wal.get(next);
            Tx tx = record.tx();
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
                home.decoded(tx);
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
        long forget = feed.confirm(lsn, home.nanos());
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
            world.say(home.name, "proves with " + snapshot + ", visible " + feed.visible());
        }
        if (left == 0) {
            asking = false;
            return;
        }
        pause = left < before ? 2_000_000 : Math.min(64_000_000, pause * 2);
        ask(mine, pause);
    }

    /** The server is gone; whether this session notices is another matter. The next one has its own connections. */
    void databaseGone() {
        int mine = session;
        after(dice.oneIn(4) ? SILENCE : dice.micros(10, 50_000), "misses the database", () -> {
            if (mine == session) {
                loseFeed();
            }
        });
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

    /** The process is gone. */
    void die() {
        session++;
        database.unfollow(this);
    }
}

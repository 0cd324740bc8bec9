package dev.perigee.simulation;

import dev.perigee.simulation.Coverage.Happened;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * PostgreSQL, as far as anybody sees it: a WAL, commits that are flushed, then wait for a standby, then become visible
 * (or, with {@code synchronous_commit=off}, the other way round), snapshots, crashes and failovers. It keeps the history
 * of every table, so that checks know the truth.
 */
final class SimDatabase {

    static final int TABLES = 5;
    static final int VIEWS = 2;
    private static final long NEVER = Tx.NEVER;
    private static final long START = 1_700_000_000_000_000L;

    /** Of the WAL: a commit, or a message outside transactions. */
    record WalRecord(long lsn, long end, Tx tx, String message) {}

    /** Which tables a view reads, and since which commit; null if it was made like that. */
    private record Definition(int tables, Tx since) {}

    private final World world;
    private final Dice dice;
    /** Commits by table, in the order of the WAL, over all epochs. */
    final List<List<Tx>> commitsOf = new ArrayList<>();
    /** The same, and manual invalidations. */
    final List<List<Tx>> changesOf = new ArrayList<>();
    /** Positions at which all tables were invalidated, by epoch. */
    final List<List<Long>> allTables = new ArrayList<>();

    final List<String> epochs = new ArrayList<>();
    private final TreeMap<Long, Tx> running = new TreeMap<>();
    private final List<List<Definition>> viewDefinitions = new ArrayList<>();
    private final List<SimFeed> followers = new ArrayList<>();

    final SimControl control = new SimControl(this);

    /** What is flushed of it, and what is not; after a crash or a failover what is left. */
    final List<WalRecord> wal = new ArrayList<>();

    private long insert;
    private long flushed;
    private long nextXid;
    private long latestCompleted;
    private long visibleNumber;
    private int timeline = 1;
    boolean up = true;
    /** The standby is missing: commits that wait for one wait until it is back. */
    boolean standbyMissing;

    private final boolean flushesMessages;

    SimDatabase(World world) {
        this.world = world;
        this.dice = world.dice;
        this.insert = 1_000_000L + dice.below(1_000_000);
        this.flushed = insert;
        // Often about to wrap.
        this.nextXid = dice.oneIn(2) ? (1L << 32) * (1 + dice.below(3)) - 1 - dice.below(30) : 700L + dice.below(1000);
        this.latestCompleted = nextXid - 1;
        this.flushesMessages = dice.oneIn(3);
        for (int i = 0; i < TABLES; i++) {
            commitsOf.add(new ArrayList<>());
            changesOf.add(new ArrayList<>());
        }
        for (int i = 0; i < VIEWS; i++) {
            viewDefinitions.add(new ArrayList<>(List.of(new Definition(1 << dice.below(TABLES), null))));
        }
        newEpoch();
    }

    static String table(int table) {
        return "public.t" + table;
    }

    private void newEpoch() {
        epochs.add("7." + timeline + "." + (START + world.now / 1000));
        allTables.add(new ArrayList<>());
        world.coverage.count(Happened.EPOCHS);
    }

    String epoch() {
        return epochs.get(epochs.size() - 1);
    }

    int epochNumber() {
        return epochs.size() - 1;
    }

    long position() {
        return insert - 1;
    }

    long insertPosition() {
        return insert;
    }

    long flushed() {
        return flushed;
    }

    long visibleNumber() {
        return visibleNumber;
    }

    /** The position of the last commit that is in the WAL. */
    long lastCommitted() {
        for (int i = wal.size() - 1; i >= 0; i--) {
            if (wal.get(i).tx != null) {
                return wal.get(i).lsn;
            }
        }
        return 0;
    }

    // Transactions

    Tx begin(int tables) {
        Tx tx = new Tx(nextXid++, tables);
        if ((tx.xid & 0xFFFFFFFFL) == 0) {
            world.coverage.count(Happened.XID_WRAPS);
        }
        running.put(tx.xid, tx);
        return tx;
    }

    boolean isRunning(Tx tx) {
        return running.containsKey(tx.xid) && !tx.ended;
    }

    /** Whether a transaction runs that may yet change tables. */
    boolean isBusy() {
        return running.values().stream().anyMatch(tx -> tx.tables != 0);
    }

    void rollback(Tx tx) {
        insert += 8 + dice.below(100);
        end(tx);
        tx.done.accept(false);
    }

    private void end(Tx tx) {
        tx.ended = true;
        running.remove(tx.xid);
        latestCompleted = Math.max(latestCompleted, tx.xid);
    }

    /** How a commit waits. */
    enum Commit {
        /** Flushed, then visible. */
        LOCAL,
        /** Flushed, acknowledged by a standby, then visible. */
        SYNCHRONOUS,
        /** Visible, then flushed. */
        ASYNCHRONOUS
    }

    void commit(Tx tx, Commit how) {
        insert += dice.below(4) * 40L;
        tx.commitLsn = insert;
        insert += 34 + dice.below(60);
        tx.endLsn = insert;
        tx.epoch = epochNumber();
        tx.committedAt = world.now;
        tx.waitsForStandby = how == Commit.SYNCHRONOUS;
        wal.add(new WalRecord(tx.commitLsn, tx.endLsn, tx, null));
        for (int i = 0; i < TABLES; i++) {
            if ((tx.tables & 1 << i) != 0) {
                commitsOf.get(i).add(tx);
            }
            if (((tx.tables | tx.named) & 1 << i) != 0) {
                changesOf.get(i).add(tx);
            }
        }
        if (tx.allTables()) {
            allTables.get(tx.epoch).add(tx.commitLsn);
        }
        int epoch = tx.epoch;
        if (how == Commit.ASYNCHRONOUS) {
            visible(tx);
            later(epoch, dice.millis(1, 300), "flush", () -> flushTo(tx.endLsn));
        } else {
            later(epoch, dice.micros(50, 2_000), "flush of " + tx.commitLsn, () -> {
                flushTo(insert);
                if (how == Commit.LOCAL && dice.oneIn(3)) {
                    visible(tx);
                } else if (how == Commit.SYNCHRONOUS && (standbyMissing || dice.oneIn(3))) {
                    waitForStandby(tx, dice.oneIn(3) ? dice.millis(100, 3_000) : dice.millis(1, 100));
                } else {
                    later(epoch, dice.micros(1, 3_000), "visible " + tx.commitLsn, () -> visible(tx));
                }
            });
        }
    }

    private void waitForStandby(Tx tx, long delay) {
        later(tx.epoch, delay, "standby has " + tx.commitLsn, () -> {
            if (standbyMissing) {
                waitForStandby(tx, dice.millis(50, 300));
            } else {
                visible(tx);
            }
        });
    }

    private void later(int epoch, long delay, String what, Runnable task) {
        world.schedule(null, delay, what, () -> {
            if (epoch == epochNumber() && up) {
                task.run();
            }
        });
    }

    private void visible(Tx tx) {
        if (tx.ended) {
            return;
        }
        tx.visibleAt = world.now;
        tx.visibleNumber = ++visibleNumber;
        if (tx.view >= 0) {
            viewDefinitions.get(tx.view).add(new Definition(tx.viewTables, tx));
        }
        tx.effect.run();
        end(tx);
        tx.done.accept(true);
    }

    private void flushTo(long lsn) {
        if (lsn > flushed) {
            flushed = lsn;
            followers.forEach(SimFeed::walFlushed);
        }
    }

    // Messages

    /** Outside transactions: needs no visibility, and is flushed by the WAL writer when it comes round. */
    void emit(String content) {
        if (!up) {
            return;
        }
        long at = insert;
        insert += 60 + dice.below(30);
        long end = insert;
        wal.add(new WalRecord(at, end, null, content));
        later(epochNumber(), flushesMessages ? dice.micros(50, 500) : dice.millis(1, 200), "flush", () -> flushTo(end));
    }

    // What readers see

    int viewTables(int view) {
        List<Definition> definitions = viewDefinitions.get(view);
        return definitions.get(definitions.size() - 1).tables;
    }

    /** The same as of a version of an epoch. */
    int viewTables(int view, int epoch, long version) {
        int tables = 0;
        for (Definition each : viewDefinitions.get(view)) {
            Tx since = each.since;
            if (since == null || since.epoch < epoch || (since.epoch == epoch && since.commitLsn <= version)) {
                tables = each.tables;
            }
        }
        return tables;
    }

    /** As {@code pg_current_snapshot()} writes it. */
    String snapshot() {
        long xmax = latestCompleted + 1;
        StringBuilder xip = new StringBuilder();
        long xmin = xmax;
        for (Long xid : running.keySet()) {
            if (xid < xmax) {
                xmin = Math.min(xmin, xid);
                xip.append(xip.isEmpty() ? "" : ",").append(xid);
            }
        }
        return xmin + ":" + xmax + ":" + xip;
    }

    /** As {@code pg_current_xact_id()} in a transaction of its own. */
    void takeId() {
        rollback(begin(0));
    }

    // Slots

    /** Calls back when every transaction that runs now has ended or written its commit; then the slot is complete. */
    void createSlot(SimHome home, Consumer<Long> then) {
        List<Tx> before = List.copyOf(running.values());
        createSlot(home, epochNumber(), before, then);
    }

    private void createSlot(SimHome home, int epoch, List<Tx> before, Consumer<Long> then) {
        if (epoch != epochNumber() || !up) {
            return;
        }
        boolean wait = before.stream().anyMatch(tx -> !tx.ended && tx.commitLsn == 0);
        if (wait) {
            home.after(dice.millis(5, 50), "waits for transactions", () -> createSlot(home, epoch, before, then));
        } else {
            then.accept(insert);
        }
    }

    void follow(SimFeed feed) {
        if (!followers.contains(feed)) {
            followers.add(feed);
        }
    }

    void unfollow(SimFeed feed) {
        followers.remove(feed);
    }

    // Ends

    /** Everything in memory is lost, and with it what was visible but not flushed. */
    void crash() {
        world.coverage.count(Happened.CRASHES);
        goDown(flushed);
    }

    /** A standby takes over that may lack what no synchronous commit has waited for. */
    void failover() {
        world.coverage.count(Happened.FAILOVERS);
        long kept = 0;
        for (WalRecord record : wal) {
            if (record.tx != null && record.tx.waitsForStandby && record.tx.visibleAt != NEVER) {
                kept = record.end;
            }
        }
        // A standby may be far behind if nobody waits for it: then the new epoch begins well below where the old one
        // was.
        int lost = dice.oneIn(2) ? dice.below(4) : dice.below(60);
        long cut = flushed;
        for (int i = wal.size() - 1; i >= 0 && lost > 0; i--, lost--) {
            cut = Math.min(cut, wal.get(i).lsn);
        }
        timeline++;
        goDown(Math.max(kept, cut));
    }

    private void goDown(long kept) {
        up = false;
        List<Tx> survivors = new ArrayList<>();
        for (WalRecord record : wal) {
            Tx tx = record.tx;
            if (tx != null && record.end > kept) {
                if (tx.visibleAt != NEVER) {
                    tx.vanishedAt = world.now;
                    world.coverage.count(Happened.COMMITS_UNDONE);
                    if (tx.view >= 0) {
                        viewDefinitions.get(tx.view).removeIf(definition -> definition.since == tx);
                    }
                }
            } else if (tx != null && !tx.ended) {
                survivors.add(tx);
                tx.done.accept(false);
                tx.done = committed -> {};
            }
        }
        for (Tx tx : List.copyOf(running.values())) {
            if (!survivors.contains(tx)) {
                end(tx);
                tx.done.accept(false);
            }
        }
        wal.removeIf(record -> record.end > kept);
        List.copyOf(followers).forEach(SimFeed::databaseGone);
        followers.clear();
        long position = kept;
        world.schedule(null, dice.millis(5, 800), "database starts", () -> start(position, survivors));
    }

    /** What had written its commit record is committed, whether it was visible or not. */
    private void start(long position, List<Tx> survivors) {
        up = true;
        insert = position + 8L * (1 + dice.below(20));
        flushed = insert;
        newEpoch();
        survivors.forEach(this::visible);
        for (Tx tx : List.copyOf(running.values())) {
            rollback(tx);
        }
        // Ids are not used again, and some are skipped.
        nextXid += dice.below(3);
        latestCompleted = nextXid - 1;
    }
}

package dev.perigee.simulation;

import dev.perigee.home.wal.FeedCore.Emitted;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A transaction. Visibility has an order of its own, which is not that of the WAL. */
final class Tx {

    static final long NEVER = Long.MAX_VALUE;

    final long xid;
    final int tables;
    final List<Emitted> messages = new ArrayList<>();
    /** View and its new tables, or -1. */
    int view = -1;

    int viewTables;
    Runnable effect = () -> {};
    Consumer<Boolean> done = committed -> {};
    int epoch = -1;
    long commitLsn;
    long endLsn;
    long committedAt;
    long visibleAt = NEVER;
    long visibleNumber = NEVER;
    long vanishedAt = NEVER;
    boolean waitsForStandby;
    boolean ended;

    Tx(long xid, int tables) {
        this.xid = xid;
        this.tables = tables;
    }

    boolean allTables() {
        return view >= 0 || everyTable;
    }

    /** By a manual invalidation; the truth of the tables does not change. */
    boolean everyTable;

    int named;

    /** The edge whose eligibility it changes, if any, and to which revision. */
    String concerns;

    int revision;

    @Override
    public String toString() {
        return "xid " + xid + " tables " + Integer.toBinaryString(tables) + (view >= 0 ? " ddl" : "") + " at "
                + commitLsn;
    }
}

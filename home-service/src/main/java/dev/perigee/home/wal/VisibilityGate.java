package dev.perigee.home.wal;

import dev.perigee.model.StreamPosition;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Knows up to which position every commit is visible to every snapshot taken from now on.
 *
 * <p>PostgreSQL commits in this order: WAL flushed, synchronous standbys waited for, visible. Decoding delivers a
 * commit after the flush, possibly long before anybody can see it. A result read in between and stamped with the
 * decoded position would outlive the invalidation that was meant for it. So commits wait here, decoded but unproven,
 * until a snapshot sees them; {@link #read} gives the position just below the lowest that waits.
 *
 * <p>When the feed connects, transactions in progress may already have written a commit record below the slot's
 * consistent point, which will never be decoded. Until each of them is seen to have ended, or its commit is decoded,
 * nothing is proven and the gate is not open.
 *
 * <p>The feed writes, queries read; thread-safe.
 */
public final class VisibilityGate {

    private @Nullable String epoch;
    /** The last that was read: many edges are told the same. */
    private @Nullable StreamPosition known;

    private long decoded;
    /** Commit position to the low half of its transaction id. */
    private final TreeMap<Long, Integer> pending = new TreeMap<>();
    /** Transactions that were in progress when the feed connected, of which nothing is known yet. */
    private final Set<Long> unknown = new HashSet<>();

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Calls back after every proof, on the proving thread. The callback must neither block nor throw. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }

    /** The position up to which everything is visible, or null while that is not known: nothing read may be kept. */
    public synchronized @Nullable StreamPosition read() {
        if (epoch == null || !unknown.isEmpty()) {
            return null;
        }
        long version = pending.isEmpty() ? decoded : pending.firstKey() - 1;
        StreamPosition last = known;
        if (last == null || last.version() != version || !last.epoch().equals(epoch)) {
            last = new StreamPosition(epoch, version);
            known = last;
        }
        return last;
    }

    /** How many decoded commits are not yet proven visible. */
    public synchronized int pending() {
        return pending.size() + unknown.size();
    }

    /**
     * The feed has connected.
     *
     * @param consistentPoint every commit from here on will be decoded
     * @param snapshot taken after the slot had reached its consistent point
     */
    synchronized void open(String newEpoch, long consistentPoint, Snapshot snapshot) {
        epoch = newEpoch;
        decoded = consistentPoint;
        pending.clear();
        unknown.clear();
        unknown.addAll(snapshot.inProgress());
    }

    /** The feed is gone: from here on nothing is known. */
    synchronized void close() {
        epoch = null;
        pending.clear();
        unknown.clear();
    }

    /**
     * A commit was decoded.
     *
     * @param commitPosition where its commit record begins
     * @param endPosition the position after its commit record
     * @param xid low half of its transaction id
     */
    synchronized void committed(long commitPosition, long endPosition, int xid) {
        pending.put(commitPosition, xid);
        unknown.removeIf(full -> full.intValue() == xid);
        decoded = Math.max(decoded, endPosition - 1);
    }

    /** Everything up to this position has been decoded. */
    synchronized void advance(long position) {
        decoded = Math.max(decoded, position);
    }

    /** Lets pass what this snapshot, taken on the primary at any time, sees. */
    void prove(Snapshot snapshot) {
        synchronized (this) {
            pending.values().removeIf(xid -> snapshot.sees(snapshot.fullXid(xid)));
            unknown.removeIf(snapshot::sees);
        }
        listeners.forEach(Runnable::run);
    }

    /** For tests and diagnosis: the commits that wait. */
    synchronized Map<Long, Integer> waiting() {
        return Map.copyOf(pending);
    }
}

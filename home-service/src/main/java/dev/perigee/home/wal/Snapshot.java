package dev.perigee.home.wal;

import java.util.HashSet;
import java.util.Set;

/**
 * What {@code pg_current_snapshot()} says: which transactions a query sees (manual, "Transaction ID and Snapshot
 * Information Functions"). Ids are 64 bits: 32 of epoch, 32 of id.
 *
 * @param xmin every id below it has ended
 * @param xmax no id from it on has ended
 * @param inProgress those between that had not ended
 */
record Snapshot(long xmin, long xmax, Set<Long> inProgress) {

    private static final long WRAP = 1L << 32;

    /**
     * Reads the text form {@code xmin:xmax:xip,xip,…}.
     *
     * @throws IllegalArgumentException if it is anything else
     */
    static Snapshot parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("not a snapshot: " + text);
        }
        Set<Long> inProgress = new HashSet<>();
        if (!parts[2].isEmpty()) {
            for (String id : parts[2].split(",", -1)) {
                inProgress.add(Long.parseLong(id));
            }
        }
        return new Snapshot(Long.parseLong(parts[0]), Long.parseLong(parts[1]), Set.copyOf(inProgress));
    }

    /** Whether a query with this snapshot sees what a committed transaction did. */
    boolean sees(long xid) {
        return xid < xmin || (xid < xmax && !inProgress.contains(xid));
    }

    /**
     * The full id of a transaction of which the replication protocol gave the low half: of the ids with that low half,
     * the one nearest to {@code xmax}, since ids in use are never further apart than 2^31.
     */
    long fullXid(int xid) {
        long low = Integer.toUnsignedLong(xid);
        long candidate = (xmax & -WRAP) | low;
        if (candidate - xmax > WRAP / 2) {
            return candidate - WRAP;
        }
        if (xmax - candidate > WRAP / 2) {
            return candidate + WRAP;
        }
        return candidate;
    }
}

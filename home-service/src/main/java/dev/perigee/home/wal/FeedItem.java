package dev.perigee.home.wal;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the feed hands on, in WAL order. */
sealed interface FeedItem {

    /**
     * A transaction has committed.
     *
     * @param xid low half of its id
     * @param commitLsn where its commit record begins
     * @param endLsn the position after its commit record
     * @param committedAt by the database's clock
     * @param oids the relations it wrote
     * @param described what this transaction's Relation messages said; the oids may be partitions
     * @param named tables that manual invalidations in it name, qualified
     * @param allTables whether every table may be concerned: DDL, or an invalidation that cannot be read
     * @param catalogChanged whether the publication should be looked at
     * @param invalidationIds of the manual invalidations in it
     * @param control what else it tells homes
     */
    record CommittedChange(
            int xid,
            long commitLsn,
            long endLsn,
            Instant committedAt,
            Set<Integer> oids,
            Map<Integer, PgOutputMessage.Relation> described,
            Set<String> named,
            boolean allTables,
            boolean catalogChanged,
            List<String> invalidationIds,
            List<ControlMessage> control)
            implements FeedItem {}

    /** A message outside transactions: in the WAL wherever it was written, whatever became of the transaction around. */
    record OutsideMessage(long lsn, String prefix, @Nullable String content) implements FeedItem {}
}

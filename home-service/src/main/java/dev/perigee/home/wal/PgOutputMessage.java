package dev.perigee.home.wal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The messages of pgoutput, protocol version 1 (PostgreSQL manual, "Logical Replication Message Formats"), as far as
 * home needs them: which relations changed, not the rows.
 */
sealed interface PgOutputMessage {

    /**
     * A transaction follows.
     *
     * @param commitLsn where its commit record begins
     * @param commitMicros commit time, microseconds since 2000-01-01 UTC
     * @param xid low half of the transaction id
     */
    record Begin(long commitLsn, long commitMicros, int xid) implements PgOutputMessage {}

    /**
     * The transaction is complete.
     *
     * @param commitLsn where its commit record begins
     * @param endLsn the position after its commit record
     * @param commitMicros commit time, microseconds since 2000-01-01 UTC
     */
    record Commit(long commitLsn, long endLsn, long commitMicros) implements PgOutputMessage {}

    /** The transaction was replicated from elsewhere. */
    record Origin(long commitLsn, String name) implements PgOutputMessage {}

    /**
     * What an oid stands for, sent before it is first used and again when the table has been altered.
     *
     * @param schema empty means pg_catalog
     */
    record Relation(int oid, String schema, String table) implements PgOutputMessage {}

    /** What a data type's oid stands for. */
    record Type(int oid, String schema, String name) implements PgOutputMessage {}

    /** A row was added. */
    record Insert(int oid) implements PgOutputMessage {}

    /** A row was changed. */
    record Update(int oid) implements PgOutputMessage {}

    /** A row was removed. */
    record Delete(int oid) implements PgOutputMessage {}

    /** Tables were emptied. */
    record Truncate(List<Integer> oids) implements PgOutputMessage {}

    /**
     * {@code pg_logical_emit_message} was called.
     *
     * @param transactional whether it belongs to the transaction around it
     * @param lsn where the message stands
     * @param prefix by convention, who it is for
     * @param content null unless it is for Perigee and of reasonable size
     */
    record Message(
            boolean transactional,
            long lsn,
            String prefix,
            @Nullable String content) implements PgOutputMessage {}
}

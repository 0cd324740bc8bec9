package dev.perigee.home.wal;

import dev.perigee.home.database.Sql;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * A row of {@code pg_replication_slots} (manual, "System Views").
 *
 * @param here whether it decodes this database with pgoutput
 * @param activePid the process that reads from it, or null
 * @param confirmed its {@code confirmed_flush_lsn}: a commit record may begin exactly there; null while it is being made
 * @param retainedBytes WAL kept for it, or null if it keeps none
 * @param safeWalSize how much more WAL may be written before it may be lost, bytes; null if there is no limit
 * @param invalidationReason why it cannot be read any more (PostgreSQL 17 and later), or null
 * @param inactive how long nobody has read from it (PostgreSQL 17 and later), or null
 */
record SlotRow(
        String name,
        boolean here,
        boolean temporary,
        boolean active,
        @Nullable Integer activePid,
        @Nullable String walStatus,
        @Nullable Long confirmed,
        @Nullable Long retainedBytes,
        @Nullable Long safeWalSize,
        boolean failover,
        @Nullable String invalidationReason,
        @Nullable Duration inactive) {

    /** The columns that some versions do not have are looked up by name. */
    private static final String SQL = """
            SELECT s.slot_name::text,
                   s.database = pg_catalog.current_database() AND s.plugin = 'pgoutput',
                   s.temporary, s.active, s.active_pid, s.wal_status,
                   (s.confirmed_flush_lsn - '0/0')::bigint,
                   pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)::bigint,
                   s.safe_wal_size,
                   coalesce((pg_catalog.to_jsonb(s) ->> 'failover')::boolean, false),
                   pg_catalog.to_jsonb(s) ->> 'invalidation_reason',
                   (extract(epoch FROM pg_catalog.clock_timestamp()
                        - (pg_catalog.to_jsonb(s) ->> 'inactive_since')::timestamptz) * 1000)::bigint
              FROM pg_catalog.pg_replication_slots s
             WHERE pg_catalog.starts_with(s.slot_name::text, $1)""";

    /** Asks for the slots whose names begin like this. */
    static Flux<SlotRow> read(Connection connection, String prefix) {
        return Sql.query(connection, SQL, SlotRow::of, prefix);
    }

    private static SlotRow of(Readable row) {
        Long inactive = row.get(11, Long.class);
        return new SlotRow(
                Sql.text(row, 0),
                flag(row, 1),
                flag(row, 2),
                flag(row, 3),
                row.get(4, Integer.class),
                row.get(5, String.class),
                row.get(6, Long.class),
                row.get(7, Long.class),
                row.get(8, Long.class),
                flag(row, 9),
                row.get(10, String.class),
                inactive == null ? null : Duration.ofMillis(inactive));
    }

    private static boolean flag(Readable row, int column) {
        return Objects.equals(row.get(column, Boolean.class), true);
    }

    /** Whether WAL that it needs is gone, or it was given up for another reason, so that nobody can read from it. */
    boolean isLost() {
        return "lost".equals(walStatus) || invalidationReason != null || (!active && confirmed == null);
    }
}

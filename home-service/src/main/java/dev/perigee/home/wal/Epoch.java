package dev.perigee.home.wal;

import dev.perigee.home.database.Sql;
import io.r2dbc.spi.Connection;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * Within which versions compare: a server, its timeline, its start. A restart is a new epoch because a crash can undo
 * commits that were already visible ({@code synchronous_commit = off}); a promoted standby is on a new timeline.
 *
 * @param name system identifier, timeline, and start in microseconds, with dots between
 * @param serverVersion as {@code server_version_num}
 */
public record Epoch(String name, int serverVersion) {

    private static final int VERSION_17 = 170_000;

    private static final String SQL = """
            SELECT (SELECT system_identifier::text FROM pg_catalog.pg_control_system())
                   || '.' || ('x' || pg_catalog.substring(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()),
                                                          1, 8))::bit(32)::int::text
                   || '.' || (extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint::text,
                   pg_catalog.current_setting('server_version_num')""";

    private static final String HAS_SESSION =
            "SELECT 1::text FROM pg_catalog.pg_stat_activity WHERE application_name = $1";

    /** Asks for the epoch of the server that a connection has reached; an error if that is a standby. */
    public static Mono<Epoch> read(Connection connection) {
        return Sql.query(connection, SQL, row -> new Epoch(Sql.text(row, 0), Integer.parseInt(Sql.text(row, 1))))
                .single();
    }

    /**
     * Asks for the epoch of the server that two connections have reached.
     *
     * @param other the application name of the other one, unique
     */
    static Mono<Epoch> read(Connection connection, String other) {
        return Sql.query(connection, HAS_SESSION, row -> true, other)
                .next()
                .switchIfEmpty(Mono.error(() ->
                        new IllegalStateException("two connections to the same address reached two different servers")))
                .then(Mono.defer(() -> read(connection)));
    }

    /** Whether {@code pg_logical_emit_message} can flush what it writes (PostgreSQL 17 and later). */
    boolean flushesMessages() {
        return serverVersion >= VERSION_17;
    }

    /** Whether a slot can be carried over to standbys (PostgreSQL 17 and later). */
    boolean hasFailoverSlots() {
        return serverVersion >= VERSION_17;
    }

    /**
     * Whether a server of this epoch has taken the place of one of another: a promoted standby of it, the same server
     * started later, or a different database altogether. A primary of an earlier timeline that is still reachable has
     * not.
     */
    public boolean supersedes(String other) {
        List<String> mine = List.of(name.split("\\.", -1));
        List<String> theirs = List.of(other.split("\\.", -1));
        if (mine.size() != 3 || theirs.size() != 3 || !mine.get(0).equals(theirs.get(0))) {
            return !name.equals(other);
        }
        int timelines = Long.compare(Long.parseLong(mine.get(1)), Long.parseLong(theirs.get(1)));
        return timelines > 0 || (timelines == 0 && Long.parseLong(mine.get(2)) > Long.parseLong(theirs.get(2)));
    }
}

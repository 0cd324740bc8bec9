package dev.perigee.home.wal;

import dev.perigee.home.database.Sql;
import dev.perigee.model.SlotState;
import io.r2dbc.postgresql.api.PostgresqlReplicationConnection;
import io.r2dbc.postgresql.replication.ReplicationSlotRequest;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Gets this home a slot to read from, and keeps an eye on it and on those that others have left behind.
 *
 * <p>A temporary slot goes with its connection. A durable one is named after the home and stays, and so does the WAL
 * from its position on: whoever reads from it next misses nothing. One that PostgreSQL has given up is made anew.
 *
 * <p>Outlives the sessions of the feed, which follow one another. Thread-safe.
 */
final class Slots {

    private static final Logger log = LoggerFactory.getLogger(Slots.class);

    private static final Duration SLOW = Duration.ofSeconds(5);

    /**
     * A slot to read from.
     *
     * @param position it is complete from here on: a commit record may begin exactly there
     */
    record Opened(String name, long position) {}

    private final HomeId home;
    private final SlotProperties properties;
    private final FeedMetrics metrics;
    private final AbandonedSlots abandoned;
    private volatile @Nullable SlotRow current;
    /** The server process that read from our durable slot on behalf of this very process. */
    private volatile @Nullable Integer reader;

    Slots(HomeId home, SlotProperties properties, FeedMetrics metrics) {
        this.home = home;
        this.properties = properties;
        this.metrics = metrics;
        this.abandoned = new AbandonedSlots(properties, System::nanoTime);
    }

    /** What is known of the slot in use, or of the durable one that is to be used again; null if there is none. */
    @Nullable
    SlotState state() {
        SlotRow row = current;
        return row == null
                ? null
                : new SlotState(
                        row.name(),
                        !row.temporary(),
                        row.failover(),
                        row.active(),
                        row.walStatus(),
                        row.retainedBytes());
    }

    /** How often the durable slot was found lost. */
    long lost() {
        return metrics.slotsLost();
    }

    /** Other homes' durable slots that nobody has read from for long. */
    List<String> abandoned() {
        return abandoned.names();
    }

    /** The session is over. A temporary slot is gone with it. */
    void closed() {
        SlotRow row = current;
        current = row == null || row.temporary()
                ? null
                : new SlotRow(row.name(), true, false, false, null, null, null, null, null, row.failover(), null, null);
    }

    /** Finds or makes the slot, on either connection to the same server. Waits for transactions if it makes one. */
    Mono<Opened> open(Connection plain, PostgresqlReplicationConnection replication, Epoch epoch) {
        Mono<Opened> opening = properties.durable() ? durable(plain, epoch) : temporary(replication);
        return Mono.firstWithSignal(
                opening,
                Mono.delay(SLOW)
                        .doOnNext(
                                tick -> log.info(
                                        "The feed waits for transactions in progress to end before it can start (see pg_stat_activity)"))
                        .then(Mono.never()));
    }

    private Mono<Opened> temporary(PostgresqlReplicationConnection replication) {
        return replication
                .createSlot(ReplicationSlotRequest.logical()
                        .slotName(SlotNames.temporary(home))
                        .outputPlugin("pgoutput")
                        .temporary()
                        .build())
                .map(slot ->
                        new Opened(slot.getSlotName(), slot.getConsistentPoint().asLong()));
    }

    private Mono<Opened> durable(Connection plain, Epoch epoch) {
        String name = SlotNames.durable(home);
        return own(plain, name)
                .flatMap(row -> reuse(plain, row))
                .defaultIfEmpty(Optional.empty())
                .flatMap(usable -> usable.map(Mono::just).orElseGet(() -> create(plain, name, epoch)));
    }

    private static Mono<SlotRow> own(Connection plain, String name) {
        return SlotRow.read(plain, name).filter(row -> row.name().equals(name)).next();
    }

    /** Empty if the slot had to be dropped. */
    private Mono<Optional<Opened>> reuse(Connection plain, SlotRow row) {
        if (!row.here() || row.temporary()) {
            return Mono.error(new IllegalStateException("replication slot " + row.name()
                    + " belongs to another database, or to something else: give this home another perigee.home.id"));
        }
        if (row.active()) {
            return endOwnReader(plain, row)
                    .then(Mono.error(new IllegalStateException("replication slot " + row.name()
                            + " is in use by server process " + row.activePid()
                            + ": does another home run with perigee.home.id=" + home.value() + "?")));
        }
        Long confirmed = row.confirmed();
        if (row.isLost() || confirmed == null) {
            log.warn(
                    "Replication slot {} is lost ({}): it is made anew, and every edge flushes",
                    row.name(),
                    row.invalidationReason() == null ? row.walStatus() : row.invalidationReason());
            metrics.slotLost();
            return drop(plain, row.name()).thenReturn(Optional.empty());
        }
        return Mono.just(Optional.of(new Opened(row.name(), confirmed)));
    }

    /** When a connection has died without a word, the server may not know it for a minute. */
    private Mono<Void> endOwnReader(Connection plain, SlotRow row) {
        Integer known = reader;
        return known == null || !known.equals(row.activePid())
                ? Mono.empty()
                : Sql.query(plain, "SELECT pg_catalog.pg_terminate_backend($1)::text", any -> true, known)
                        .then();
    }

    /** Without a time limit: it waits for every transaction in progress. */
    private static Mono<Opened> create(Connection plain, String name, Epoch epoch) {
        String sql = "SELECT (lsn - '0/0')::bigint::text"
                + " FROM pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput', false, false"
                + (epoch.hasFailoverSlots() ? ", failover => true)" : ")");
        return Sql.query(plain, "SET statement_timeout TO 0", row -> true)
                .then(Sql.query(plain, sql, row -> new Opened(name, Long.parseLong(Sql.text(row, 0))), name)
                        .single())
                .delayUntil(slot ->
                        Sql.query(plain, "RESET statement_timeout", row -> true).then());
    }

    private static Mono<Void> drop(Connection plain, String name) {
        return Sql.query(plain, "SELECT pg_catalog.pg_drop_replication_slot($1)::text", row -> true, name)
                .then();
    }

    /**
     * Looks at all slots once.
     *
     * @param name the slot in use
     * @return an error if that is lost
     */
    Mono<Void> look(Connection plain, String name) {
        return SlotRow.read(plain, SlotNames.PREFIX).collectList().flatMap(rows -> {
            Optional<SlotRow> own =
                    rows.stream().filter(row -> row.name().equals(name)).findFirst();
            own.ifPresent(row -> {
                current = row;
                reader = row.temporary() ? null : row.activePid();
            });
            if (own.isPresent() && own.get().isLost()) {
                return Mono.error(new IllegalStateException("replication slot " + name + " is lost"));
            }
            return abandoned.look(rows, SlotNames.durable(home), slot -> drop(plain, slot));
        });
    }

    /** WAL kept for the slot in use, bytes; not a number while that is not known. */
    double retainedBytes() {
        SlotRow row = current;
        Long bytes = row == null ? null : row.retainedBytes();
        return bytes == null ? Double.NaN : bytes;
    }

    /** How much more WAL may be written before the slot in use may be lost, bytes; infinite if there is no limit. */
    double safeWalSize() {
        SlotRow row = current;
        if (row == null) {
            return Double.NaN;
        }
        Long bytes = row.safeWalSize();
        return bytes == null ? Double.POSITIVE_INFINITY : bytes;
    }
}

package dev.perigee.home.database;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Keeps the publication {@code perigee}: every table that can be published is, and no other.
 *
 * <p>Joining waits for the table's writers. What a transaction wrote before its table was published is not decoded even
 * if it commits afterwards, so a result read in between and kept would go stale unnoticed; the SHARE lock, held until
 * the table is in the publication, lets no such transaction be. It waits one second at the most, since new writers
 * queue behind it, and tries again later.
 *
 * <p>Leaving matters as much: PostgreSQL refuses updates of a published table that has lost its replica identity.
 *
 * <p>Thread-safe.
 */
public final class Publication implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(Publication.class);

    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final String PENDING = "pending";

    private static final String CREATE = """
            DO $$ BEGIN
              IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'perigee') THEN
                CREATE PUBLICATION perigee WITH
                  (publish = 'insert, update, delete, truncate', publish_via_partition_root = false);
              END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another home was faster
            END $$""";

    private final ServerConnections connections;
    private final Duration interval;
    private final Sinks.Many<Boolean> requests = Sinks.many().multicast().directBestEffort();
    private final AtomicReference<@Nullable Disposable> running = new AtomicReference<>();
    private final AtomicBoolean retrying = new AtomicBoolean();
    /** Tables that PostgreSQL would not let us publish, for another reason than being written to. */
    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    private volatile List<TableStatus> lastSeen = List.of();

    Publication(ServerConnections connections, Duration interval) {
        this.connections = connections;
        this.interval = interval;
    }

    /** Asks for a comparison with the catalog soon. Returns at once. */
    public void refreshSoon() {
        requests.emitNext(true, Sinks.EmitFailureHandler.busyLooping(Duration.ofMillis(100)));
    }

    /** Creates the publication if need be, and brings it up to date with the catalog. */
    public Mono<Void> refresh() {
        return connections.with(connection -> Sql.execute(connection, CREATE)
                .thenMany(CatalogTable.all(connection))
                .collectList()
                .flatMap(tables -> Flux.fromIterable(tables)
                        .concatMap(table -> adjust(connection, table))
                        .then())
                .thenMany(CatalogTable.all(connection))
                .map(this::status)
                .collectList()
                .doOnNext(this::remember)
                .then());
    }

    /** Every user table, as the catalog has it now. */
    Mono<List<TableStatus>> tables() {
        return connections.with(connection ->
                CatalogTable.all(connection).map(this::status).collectList().doOnNext(tables -> lastSeen = tables));
    }

    /** Every user table, as it was when last looked at. */
    List<TableStatus> lastSeen() {
        return lastSeen;
    }

    private Mono<Void> adjust(Connection connection, CatalogTable table) {
        Mono<Void> change = Mono.empty();
        if (table.mustLeave()) {
            log.warn("{} can no longer be published and leaves the publication", table.name());
            change = alter(connection, "ALTER PUBLICATION perigee DROP TABLE " + table.target());
        } else if (table.mayJoin()) {
            change = alter(
                    connection,
                    "LOCK TABLE " + table.target() + " IN SHARE MODE; ALTER PUBLICATION perigee ADD TABLE "
                            + table.target());
        }
        return change.doOnSuccess(done -> refused.remove(table.name())).onErrorResume(R2dbcException.class, error -> {
            if (LOCK_NOT_AVAILABLE.equals(error.getSqlState())) {
                log.info("{} is being written to, trying later: {}", table.name(), error.getMessage());
            } else if (refused.add(table.name())) {
                log.warn("{} stays as it is in the publication: {}", table.name(), error.getMessage());
            }
            return Mono.empty();
        });
    }

    private TableStatus status(CatalogTable table) {
        TableStatus status = table.status();
        return PENDING.equals(status.reason()) && refused.contains(status.name())
                ? new TableStatus(
                        status.name(),
                        status.kind(),
                        false,
                        status.replicaIdentity(),
                        "publication-not-owned",
                        "ALTER PUBLICATION perigee ADD TABLE " + status.name() + ";")
                : status;
    }

    /** Says so in the WAL, as the DDL trigger would: what was decided about statements may be wrong now. */
    private static Mono<Void> alter(Connection connection, String statements) {
        return Sql.transaction(
                connection,
                Sql.execute(connection, "SET LOCAL lock_timeout = '1s'")
                        .then(Sql.execute(connection, statements))
                        .then(Sql.execute(
                                connection,
                                "SELECT pg_catalog.pg_logical_emit_message(true, 'perigee.ddl', 'publication')")));
    }

    private void remember(List<TableStatus> tables) {
        lastSeen = tables;
        if (tables.stream().anyMatch(table -> PENDING.equals(table.reason())) && retrying.compareAndSet(false, true)) {
            Mono.delay(RETRY).subscribe(tick -> {
                retrying.set(false);
                refreshSoon();
            });
        }
    }

    @Override
    public void start() {
        Disposable loop = Flux.merge(Flux.interval(interval, interval).map(tick -> true), requests.asFlux())
                .onBackpressureLatest()
                .concatMap(
                        tick -> refresh().onErrorResume(error -> {
                            log.warn("The publication could not be brought up to date: {}", error.getMessage());
                            return Mono.empty();
                        }),
                        1)
                .subscribe();
        running.set(loop);
    }

    @Override
    public void stop() {
        Disposable loop = running.getAndSet(null);
        if (loop != null) {
            loop.dispose();
        }
    }

    @Override
    public boolean isRunning() {
        return running.get() != null;
    }
}

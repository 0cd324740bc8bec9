package dev.perigee.home.wal;

import dev.perigee.home.database.ServerConnections;
import dev.perigee.home.database.Sql;
import io.netty.buffer.ByteBuf;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlReplicationConnection;
import io.r2dbc.postgresql.replication.LogSequenceNumber;
import io.r2dbc.postgresql.replication.ReplicationRequest;
import io.r2dbc.postgresql.replication.ReplicationStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One life of the feed: a replication connection that reads from a slot, and a plain connection for heartbeats,
 * snapshots, the catalog and the look at the slot. Whatever fails ends all of it.
 */
final class FeedSession {

    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(500);

    private final ServerConnections connections;
    private final ChangeApplier applier;
    private final VisibilityGate gate;
    private final HeartbeatLedger heartbeats;
    private final HomeId home;
    private final Slots slots;
    private final LateConfirmation confirmation;
    private final Flux<Epoch> reached;
    private final FeedProperties properties;
    private final Runnable onConnected;

    private final TransactionAssembler assembler = new TransactionAssembler();
    private volatile long lastHeard = System.nanoTime();
    private @Nullable VisibilityProver prover;
    private boolean over;

    /**
     * A session, not begun.
     *
     * @param reached epochs of servers that other connections to the same address have reached
     */
    FeedSession(
            ServerConnections connections,
            ChangeApplier applier,
            VisibilityGate gate,
            HeartbeatLedger heartbeats,
            HomeId home,
            Slots slots,
            LateConfirmation confirmation,
            Flux<Epoch> reached,
            FeedProperties properties,
            Runnable onConnected) {
        this.connections = connections;
        this.applier = applier;
        this.gate = gate;
        this.heartbeats = heartbeats;
        this.home = home;
        this.slots = slots;
        this.confirmation = confirmation;
        this.reached = reached;
        this.properties = properties;
        this.onConnected = onConnected;
    }

    /** Runs until something fails; never completes otherwise. When it has ended, every connection is closed. */
    Mono<Void> run() {
        String name =
                "perigee feed " + Long.toHexString(ThreadLocalRandom.current().nextLong());
        return Mono.usingWhen(
                connections.open(),
                plain -> Mono.usingWhen(
                        connections.openReplication(name),
                        replication -> Epoch.read(plain, name)
                                .flatMap(epoch -> connected(plain, replication, epoch))
                                .doFinally(signal -> end()),
                        replication -> closed(replication.close())),
                plain -> closed(plain.close()));
    }

    private static Mono<Void> closed(Publisher<Void> closing) {
        return Mono.from(closing).timeout(CLOSE_TIMEOUT).onErrorComplete();
    }

    /** The snapshot after the slot: whoever has committed below its position and is not yet visible is in progress. */
    private Mono<Void> connected(PostgresqlConnection plain, PostgresqlReplicationConnection replication, Epoch epoch) {
        return slots.open(plain, replication, epoch)
                .delayUntil(slot -> applier.beforeFollowing(plain, epoch))
                .flatMap(slot -> VisibilityProver.snapshotOfAll(plain).flatMap(snapshot -> {
                    long from = applier.continuation(epoch, slot.position());
                    begin(plain, epoch, from, snapshot);
                    return replication
                            .startReplication(request(slot.name(), LogSequenceNumber.valueOf(from)))
                            .flatMap(stream -> follow(plain, stream, epoch, slot.name()));
                }));
    }

    private static ReplicationRequest request(String slot, LogSequenceNumber start) {
        // Without an interval of its own the driver answers every keepalive, on the event loop that reads them; with
        // one, a timer's answer can collide with it and break the stream.
        return ReplicationRequest.logical()
                .slotName(slot)
                .startPosition(start)
                .statusInterval(Duration.ZERO)
                .slotOption("proto_version", "1")
                .slotOption("publication_names", "perigee")
                .slotOption("messages", "true")
                .build();
    }

    private Mono<Void> follow(PostgresqlConnection plain, ReplicationStream stream, Epoch epoch, String slot) {
        RelationNames names = new RelationNames(plain);
        lastHeard = System.nanoTime();
        onConnected.run();
        Mono<Void> reading = stream.map(this::decode)
                .filter(Optional::isPresent)
                .map(Optional::get)
                .concatMap(item -> apply(item, names, stream))
                .then(Mono.error(() -> new IllegalStateException("the server ended the stream")));
        Mono<Void> beating = Flux.interval(Duration.ZERO, properties.heartbeat())
                .onBackpressureDrop()
                .concatMap(tick -> beat(plain, epoch), 1)
                .then();
        Mono<Void> looking = Flux.interval(Duration.ZERO, properties.silence())
                .onBackpressureDrop()
                .concatMap(tick -> slots.look(plain, slot).then(Mono.defer(() -> address(epoch))), 1)
                .then();
        return Flux.merge(reading, beating, watch(stream), looking, superseded(reached, epoch))
                .then();
    }

    private Optional<FeedItem> decode(ByteBuf frame) {
        lastHeard = System.nanoTime();
        return assembler.accept(PgOutputDecoder.decode(frame));
    }

    private Mono<Void> apply(FeedItem item, RelationNames names, ReplicationStream stream) {
        if (item instanceof FeedItem.CommittedChange change) {
            return names.tables(change)
                    .doOnNext(tables -> {
                        committed(change, tables);
                        confirm(stream, change.endLsn());
                    })
                    .then();
        }
        FeedItem.OutsideMessage message = (FeedItem.OutsideMessage) item;
        outside(message);
        confirm(stream, message.lsn());
        return Mono.empty();
    }

    /** What comes before need not be kept for us, at once or later. */
    private void confirm(ReplicationStream stream, long lsn) {
        LogSequenceNumber position = LogSequenceNumber.valueOf(confirmation.applied(lsn, System.nanoTime()));
        stream.setFlushedLSN(position);
        stream.setAppliedLSN(position);
    }

    /**
     * A primary that was replaced may still be alive, and our connections to it as well: only a new connection shows
     * where the address leads now. One that cannot be made shows nothing.
     */
    private Mono<Void> address(Epoch epoch) {
        Mono<Epoch> there = Mono.usingWhen(connections.open(), Epoch::read, fresh -> closed(fresh.close()));
        return superseded(there.onErrorResume(error -> Mono.empty()).flux(), epoch);
    }

    private static Mono<Void> superseded(Flux<Epoch> found, Epoch epoch) {
        return found.filter(other -> other.supersedes(epoch.name()))
                .next()
                .flatMap(other -> Mono.error(new IllegalStateException("the address now leads to another server, epoch "
                        + other.name() + " instead of " + epoch.name())));
    }

    /**
     * Outside transactions: takes no transaction id, waits for no standby, and does not have to become visible. The
     * price before PostgreSQL 17 is that it is decoded only once the WAL writer has flushed it, 0.2 s later or so.
     */
    private Mono<Boolean> beat(PostgresqlConnection plain, Epoch epoch) {
        return Mono.defer(() -> Sql.query(
                                plain,
                                epoch.flushesMessages()
                                        ? "SELECT pg_catalog.pg_logical_emit_message(false, $1, $2, true)::text"
                                        : "SELECT pg_catalog.pg_logical_emit_message(false, $1, $2)::text",
                                row -> true,
                                ChangeApplier.HEARTBEAT_PREFIX,
                                home.value() + ":" + heartbeats.send())
                        .next())
                .timeout(properties.silence());
    }

    /**
     * A connection can die without a word. While a large transaction is skipped or sorted the server sends keepalives
     * but no messages, so any progress counts.
     */
    private Mono<Void> watch(ReplicationStream stream) {
        LogSequenceNumber[] last = {stream.getLastReceiveLSN()};
        return Flux.interval(properties.heartbeat())
                .onBackpressureDrop()
                .concatMap(tick -> {
                    LogSequenceNumber now = stream.getLastReceiveLSN();
                    if (!now.equals(last[0])) {
                        last[0] = now;
                        lastHeard = System.nanoTime();
                    }
                    boolean silent =
                            System.nanoTime() - lastHeard > properties.silence().toNanos();
                    return silent
                            ? Mono.error(new TimeoutException("nothing heard for " + properties.silence()))
                            : Mono.empty();
                })
                .then();
    }

    private synchronized void begin(PostgresqlConnection plain, Epoch epoch, long consistentPoint, Snapshot snapshot) {
        if (!over) {
            applier.begin(epoch, consistentPoint, snapshot);
            prover = new VisibilityProver(plain, gate);
            prover.kick();
        }
    }

    /** Synchronized with {@link #end}: an answer that arrives late must not reach the log of the next session. */
    private synchronized void committed(FeedItem.CommittedChange change, Optional<List<String>> tables) {
        if (!over) {
            applier.committed(change, tables.isEmpty(), tables.orElse(List.of()));
            if (prover != null) {
                prover.kick();
            }
        }
    }

    private synchronized void outside(FeedItem.OutsideMessage message) {
        if (!over) {
            applier.outside(message);
        }
    }

    private synchronized void end() {
        if (!over) {
            over = true;
            if (prover != null) {
                prover.close();
            }
            applier.end();
            slots.closed();
        }
    }
}

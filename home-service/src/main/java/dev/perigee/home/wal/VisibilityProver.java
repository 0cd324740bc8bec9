package dev.perigee.home.wal;

import dev.perigee.home.database.Sql;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Asks for snapshots as long as commits wait in the gate: one question at a time, at once when a commit arrives, then
 * after pauses that grow while nothing passes (a commit may wait long for a synchronous standby). Thread-safe.
 */
final class VisibilityProver {

    private static final Logger log = LoggerFactory.getLogger(VisibilityProver.class);

    private static final String SQL = "SELECT pg_catalog.pg_current_snapshot()::text";
    /** Writes nothing, so that its commit waits for nobody. */
    private static final String NEXT_ID = "SELECT pg_catalog.pg_current_xact_id()::text";

    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(2);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(64);

    private final Connection connection;
    private final VisibilityGate gate;
    private boolean asking;
    private boolean closed;
    private Duration pause = SHORTEST_PAUSE;

    VisibilityProver(Connection connection, VisibilityGate gate) {
        this.connection = connection;
        this.gate = gate;
    }

    /** Takes a snapshot now. */
    static Mono<Snapshot> snapshot(Connection connection) {
        return Sql.query(connection, SQL, row -> Snapshot.parse(Sql.text(row, 0)))
                .single();
    }

    /**
     * Takes a snapshot that names every transaction in progress. A snapshot ends right above the highest id that has
     * ended, and does not name those in progress beyond: a commit that waits for its standby is among them as long as no
     * later transaction has ended. So one of our own takes an id, and ends, first.
     */
    static Mono<Snapshot> snapshotOfAll(Connection connection) {
        return Sql.query(connection, NEXT_ID, row -> true).then(Mono.defer(() -> snapshot(connection)));
    }

    /** Something waits in the gate. Returns at once. */
    void kick() {
        synchronized (this) {
            pause = SHORTEST_PAUSE;
            if (asking || closed || gate.pending() == 0) {
                return;
            }
            asking = true;
        }
        ask(Duration.ZERO);
    }

    synchronized void close() {
        closed = true;
    }

    private void ask(Duration after) {
        Mono<Snapshot> question = snapshot(connection);
        (after.isZero() ? question : Mono.delay(after).then(question)).subscribe(this::answered, this::failed);
    }

    private void answered(Snapshot snapshot) {
        Duration next;
        synchronized (this) {
            if (closed) {
                asking = false;
                return;
            }
            int before = gate.pending();
            gate.prove(snapshot);
            int left = gate.pending();
            if (left == 0) {
                asking = false;
                return;
            }
            Duration longer = pause.multipliedBy(2);
            pause = left < before ? SHORTEST_PAUSE : longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
            next = pause;
        }
        ask(next);
    }

    /**
     * A connection that is broken the heartbeat on it will find too, and the next session starts afresh; but a single
     * question may fail as well (cancelled, say), and the next commit may be long in coming.
     */
    private void failed(Throwable error) {
        log.debug("No snapshot", error);
        synchronized (this) {
            if (closed) {
                asking = false;
                return;
            }
        }
        ask(LONGEST_PAUSE);
    }
}

package dev.perigee.home.wal;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.model.InvalidationEvent;
import io.r2dbc.spi.Connection;
import java.time.Clock;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Brings what was decoded into the log and the gate, in this order: the log, then the gate.
 *
 * <p>Why this order. A stamp taken from the gate promises that whatever it covers is known to whoever asks the log: a
 * statement whose stamp is at or above a DDL must not be run by a decision made before it, and that decision is dropped
 * when the log tells of the DDL. The gate may let a commit pass as soon as it knows of it, because a snapshot asked for
 * earlier may arrive at any moment, on another thread. So the log must know it first. The other way round no harm is
 * done: while the log is ahead, the gate still answers with a position before the commit, and a stamp that is too low
 * only costs an entry. The same holds when an era begins: first the log says that everything may have changed, then the
 * gate opens.
 *
 * <p>One writer at a time; the sessions of the feed follow one another.
 */
final class ChangeApplier {

    static final String HEARTBEAT_PREFIX = "perigee.heartbeat";

    private static final Logger log = LoggerFactory.getLogger(ChangeApplier.class);

    private final InvalidationLog invalidations;
    private final VisibilityGate gate;
    private final HeartbeatLedger heartbeats;
    private final ManualInvalidations manual;
    private final ControlChannel control;
    private final Runnable onCatalogChange;
    private final FeedMetrics metrics;
    private final HomeId home;
    private final Clock clock;

    /**
     * Applies nothing yet.
     *
     * @param onCatalogChange called when what is published may have to change; must not block
     */
    ChangeApplier(
            InvalidationLog invalidations,
            VisibilityGate gate,
            HeartbeatLedger heartbeats,
            ManualInvalidations manual,
            ControlChannel control,
            Runnable onCatalogChange,
            FeedMetrics metrics,
            HomeId home,
            Clock clock) {
        this.invalidations = invalidations;
        this.gate = gate;
        this.heartbeats = heartbeats;
        this.manual = manual;
        this.control = control;
        this.onCatalogChange = onCatalogChange;
        this.metrics = metrics;
        this.home = home;
        this.clock = clock;
    }

    /** What has to be known before {@link #begin}, from the server the slot is on. */
    Mono<Void> beforeFollowing(Connection connection, Epoch epoch) {
        return control.backfill(connection, epoch.name());
    }

    /**
     * From where to read a slot that is complete from this position on: what the log knows already need not be decoded
     * again.
     */
    long continuation(Epoch epoch, long position) {
        EpochLog known = invalidations.current();
        return known != null && known.epoch().equals(epoch.name()) ? Math.max(position, known.head() + 1) : position;
    }

    /**
     * The feed is connected, and complete from the slot's consistent point on. A commit record may begin exactly there,
     * so what is known ends one below.
     */
    void begin(Epoch epoch, long consistentPoint, Snapshot snapshot) {
        EpochLog before = invalidations.current();
        heartbeats.forget();
        boolean newEra = invalidations.begin(epoch.name(), consistentPoint, clock.instant()) && before != null;
        gate.open(epoch.name(), consistentPoint - 1, snapshot);
        metrics.connected(newEra);
        log.info(
                "The feed is connected: epoch {}, from {}{}",
                epoch.name(),
                consistentPoint,
                newEra ? "; commits may have been missed, so everything is invalidated" : "");
    }

    /** The feed is gone. */
    void end() {
        gate.close();
    }

    /**
     * A transaction has committed.
     *
     * @param tables qualified, in ascending order; ignored if every table is concerned
     */
    void committed(FeedItem.CommittedChange change, boolean everyTable, List<String> tables) {
        long head = change.endLsn() - 1;
        if (everyTable || !tables.isEmpty()) {
            List<String> concerned = everyTable ? List.of() : tables;
            invalidations.append(new InvalidationEvent(change.commitLsn(), concerned, change.committedAt()), head);
            metrics.appended(change.committedAt());
        } else {
            invalidations.advance(head);
        }
        gate.committed(change.commitLsn(), change.endLsn(), change.xid());
        metrics.commit();
        manual.decoded(change.invalidationIds(), change.commitLsn());
        control.decoded(change.control(), change.commitLsn());
        if (change.catalogChanged()) {
            onCatalogChange.run();
        }
    }

    /** A message outside transactions: a heartbeat of ours, of another home, or somebody else's. All move the head. */
    void outside(FeedItem.OutsideMessage message) {
        // What the server gives is where the message ends, and a commit record may begin exactly there.
        long known = message.lsn() - 1;
        invalidations.advance(known);
        gate.advance(known);
        String content = message.content();
        if (message.prefix().equals(HEARTBEAT_PREFIX) && content != null) {
            int colon = content.lastIndexOf(':');
            if (colon > 0
                    && content.substring(0, colon).equals(home.value())
                    && content.substring(colon + 1).matches("[0-9]{1,18}")) {
                heartbeats.readBack(Long.parseLong(content.substring(colon + 1)));
            }
        }
    }
}

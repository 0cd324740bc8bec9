package dev.perigee.home.edges;

import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.ProblemException;
import io.r2dbc.spi.Connection;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** What operators say about edges: written to the database, where it counts, and copied from there. */
final class Eligibilities {

    private static final Logger log = LoggerFactory.getLogger(Eligibilities.class);

    private final EligibilityStore store;
    private final EligibilityTable table;
    private final Supplier<@Nullable StreamPosition> visible;

    /**
     * Over a store.
     *
     * @param visible up to where everything is visible now, or null while that is not known
     */
    Eligibilities(EligibilityStore store, EligibilityTable table, Supplier<@Nullable StreamPosition> visible) {
        this.store = store;
        this.table = table;
        this.visible = visible;
    }

    /** Lets an edge cache, with this; {@code invalid-request} if no edge could have this id. */
    Mono<EligibilityStore.Written> enable(String edgeId, Capacity capacity) {
        if (!EdgeRegistration.isEdgeId(edgeId)) {
            return Mono.error(() -> new ProblemException(
                    ProblemCode.INVALID_REQUEST,
                    "An edge's id must match " + EdgeRegistration.EDGE_ID_PATTERN + ", and be none of our words."));
        }
        return store.enable(edgeId, capacity).doOnNext(written -> table.written(written.row()));
    }

    /** Lets an edge cache no more, or {@code eligibility-unknown}. */
    Mono<EdgeEligibility> disable(String edgeId) {
        return store.disable(edgeId).doOnNext(table::written).switchIfEmpty(Mono.error(() -> unknown(edgeId)));
    }

    /** What was said of an edge, or {@code eligibility-unknown}. */
    Mono<EdgeEligibility> find(String edgeId) {
        return store.find(edgeId).switchIfEmpty(Mono.error(() -> unknown(edgeId)));
    }

    private static ProblemException unknown(String edgeId) {
        return new ProblemException(ProblemCode.ELIGIBILITY_UNKNOWN, "The edge " + edgeId + " was never enabled.");
    }

    /** The feed connects: the copy is brought up to date on this connection. */
    Mono<Void> backfill(Connection connection, String epoch) {
        return store.all(connection)
                .doOnNext(rows -> table.backfill(epoch, rows))
                .then();
    }

    /** Compares the copy with the table; never fails. */
    Mono<Void> compare() {
        return Mono.defer(() -> {
                    // Before the rows are read, as the stamp of a result is.
                    StreamPosition stamp = visible.get();
                    return store.all()
                            .doOnNext(rows -> table.compare(stamp, rows))
                            .then();
                })
                .doOnError(error -> log.debug("The eligible edges could not be read", error))
                .onErrorComplete();
    }
}

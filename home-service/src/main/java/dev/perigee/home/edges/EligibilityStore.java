package dev.perigee.home.edges;

import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeEligibility;
import io.r2dbc.spi.Connection;
import java.util.List;
import reactor.core.publisher.Mono;

/** The table of eligible edges. What cannot be asked or told in time fails with {@code database-unavailable}. */
interface EligibilityStore {

    /**
     * A row that was written.
     *
     * @param created whether there was none before
     */
    record Written(EdgeEligibility row, boolean created) {}

    /** Lets an edge cache, with this. */
    Mono<Written> enable(String edgeId, Capacity capacity);

    /** Lets an edge cache no more; empty if it was never enabled. */
    Mono<EdgeEligibility> disable(String edgeId);

    /** The row of an edge, or empty. */
    Mono<EdgeEligibility> find(String edgeId);

    /** All rows. */
    Mono<List<EdgeEligibility>> all();

    /** All rows, on this connection. */
    Mono<List<EdgeEligibility>> all(Connection connection);
}

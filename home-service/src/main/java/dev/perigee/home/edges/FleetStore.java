package dev.perigee.home.edges;

import dev.perigee.model.EdgeNode;
import dev.perigee.model.HomeNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * What homes tell each other about who is there. What cannot be asked or told in time fails with
 * {@code database-unavailable}.
 */
interface FleetStore {

    /**
     * Takes an edge for this home, and tells every home.
     *
     * @param first the edge before it has said anything
     * @param enable whether it may cache if nothing is said of it
     * @return the generation, above all that the edge was given before, anywhere
     */
    Mono<Long> claim(EdgeNode first, boolean enable);

    /**
     * Says that this home lives, and what it holds.
     *
     * @param departed what it holds no more: edge id to generation
     * @return the edges that are still this home's; for the others a higher generation stands
     */
    Mono<Set<String>> renew(HomeNode home, List<Sighting> held, Map<String, Long> departed);

    /** This home is going: takes out its row and those of its edges. */
    Mono<Void> leave();

    /** The edges at all homes that have been heard of within the liveness window. */
    Mono<List<Sighting>> edges();

    /** The homes that have been heard of within the liveness window. */
    Mono<List<HomeNode>> homes();

    /**
     * Tells every home to send an edge away.
     *
     * @param id by which the message is known again
     * @param held the generation of the edge's session here; 0 if it has none
     * @return whether there was anything to tell: no home is known to hold it otherwise
     */
    Mono<Boolean> evict(String id, String edgeId, long held);
}

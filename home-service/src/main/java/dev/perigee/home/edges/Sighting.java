package dev.perigee.home.edges;

import dev.perigee.model.EdgeNode;
import org.jspecify.annotations.Nullable;

/**
 * An edge, and how much is known of it by now.
 *
 * @param node the edge as the home that holds it describes it
 * @param writtenAgoMs how long ago that was, milliseconds; 0 at that home itself
 * @param ackAgeMs how long ago, then, the edge had last acknowledged, milliseconds
 * @param epoch in which {@code confirmed} is a version; null if none is
 * @param confirmed up to there the edge has everything and has said so; -1 if it has not
 */
record Sighting(
        EdgeNode node,
        long writtenAgoMs,
        long ackAgeMs,
        @Nullable String epoch,
        long confirmed) {

    /** Whether the edge has applied everything up to this version. */
    boolean confirms(String itsEpoch, long version) {
        return itsEpoch.equals(epoch) && confirmed >= version;
    }
}

package dev.perigee.home.wal;

import dev.perigee.model.EdgeEligibility;
import dev.perigee.web.WireJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** What homes and operators tell every home through the WAL, in the order of the commits. */
public sealed interface ControlMessage {

    /**
     * An operator's choice for an edge has changed.
     *
     * @param row as it stands in {@code perigee.edge_eligibility} now
     */
    record EligibilityChanged(EdgeEligibility row) implements ControlMessage {}

    /**
     * The row of an edge was removed.
     *
     * @param edgeId the edge
     * @param revision above the row's
     */
    record EligibilityGone(String edgeId, long revision) implements ControlMessage {}

    /**
     * An edge has registered with a home.
     *
     * @param edgeId the edge
     * @param generation of its session there; whoever holds it with a lower one holds it no more
     * @param homeId the home
     */
    record Claimed(String edgeId, long generation, String homeId) implements ControlMessage {

        static final String PREFIX = "perigee.claim";
    }

    /**
     * An operator sends an edge away.
     *
     * @param id by which the home that wrote it knows it again
     * @param edgeId the edge
     * @param generation of the session meant, or above it: the message may be read again when the edge is back
     */
    record Evicted(String id, String edgeId, long generation) implements ControlMessage {

        static final String PREFIX = "perigee.evict";
    }

    /** Somebody may wait until every edge has acknowledged this version. */
    record Invalidated() implements ControlMessage {}

    /** Anybody who may connect can write such a message: null if it is none, or makes no sense. */
    static @Nullable ControlMessage parse(String prefix, @Nullable String json) {
        if (json == null) {
            return null;
        }
        try {
            return switch (prefix) {
                case EligibilityRow.PREFIX -> EligibilityRow.message(json);
                case Claimed.PREFIX -> {
                    Claimed claimed = WireJson.tolerant().readValue(json, Claimed.class);
                    yield claimed == null || claimed.edgeId() == null || claimed.homeId() == null ? null : claimed;
                }
                case Evicted.PREFIX -> {
                    Evicted evicted = WireJson.tolerant().readValue(json, Evicted.class);
                    yield evicted == null || evicted.edgeId() == null || evicted.id() == null ? null : evicted;
                }
                default -> null;
            };
        } catch (JacksonException | IllegalArgumentException garbage) {
            return null;
        }
    }
}

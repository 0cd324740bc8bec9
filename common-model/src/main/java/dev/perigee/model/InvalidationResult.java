package dev.perigee.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a manual invalidation.
 *
 * @param version at which it stands in the log
 * @param tables the qualified names invalidated; empty means every table
 * @param sent sessions it was delivered to at this home
 * @param pruned sessions found dead on the way
 * @param edges who has confirmed, if the request asked to wait for it
 */
public record InvalidationResult(
        long version,
        List<String> tables,
        int sent,
        int pruned,
        @Nullable List<Confirmation> edges) {

    /**
     * What one edge had to say.
     *
     * @param edgeId the edge
     * @param confirmed whether it acknowledged the version within the time allowed
     */
    public record Confirmation(String edgeId, boolean confirmed) {}
}

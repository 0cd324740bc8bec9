package dev.perigee.model;

import java.time.Instant;

/**
 * An operator's choice for one edge, connected or not.
 *
 * @param edgeId the edge
 * @param enabled whether it may cache
 * @param capacity what it has to work with
 * @param revision rises with every change of this edge's row; the higher one holds
 * @param changedAt by the database's clock
 */
public record EdgeEligibility(String edgeId, boolean enabled, Capacity capacity, long revision, Instant changedAt) {}

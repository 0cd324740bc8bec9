package dev.perigee.model;

import java.util.List;

/**
 * The edges whose sessions were closed because they had not acknowledged within the liveness window.
 *
 * @param pruned their ids
 */
public record PruneResult(List<String> pruned) {}

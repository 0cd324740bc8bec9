package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * Lets an edge cache: {@code PUT /api/edge/{id}/cache}.
 *
 * @param capacity replaces what was said before; nothing said if null
 */
public record EligibilityRequest(@Nullable Capacity capacity) {}

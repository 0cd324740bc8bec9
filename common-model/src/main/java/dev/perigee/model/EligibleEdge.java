package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * An edge that may be sent reads: what a router or load balancer needs to choose.
 *
 * @param edgeId its name
 * @param region where it says it stands
 * @param baseUrl where its clients reach it
 * @param capacity what the operator gave it, with its geo
 * @param homeId the home that holds its stream
 * @param inStep whether its staleness is within what home considers healthy: three heartbeats
 * @param stalenessMs how far behind the commits it may be at the most; null if not known
 * @param requestsPerSecond statements it answered of late
 * @param fill share of its memory bound in use, 0 to 1; null if not known
 */
public record EligibleEdge(
        String edgeId,
        String region,
        String baseUrl,
        Capacity capacity,
        String homeId,
        boolean inStep,
        @Nullable Long stalenessMs,
        double requestsPerSecond,
        @Nullable Double fill) {}

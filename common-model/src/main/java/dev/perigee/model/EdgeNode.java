package dev.perigee.model;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One edge as home knows it.
 *
 * @param edgeId its name
 * @param region where it stands
 * @param baseUrl where its clients reach it
 * @param registeredAt when its present session began
 * @param lastSeen when it last acknowledged (or registered): the only proof of life
 * @param invalidationsSent invalidation frames sent to the present session
 * @param generation of the present session
 * @param ackedVersion the last version it acknowledged, null before the first acknowledgement
 * @param lag WAL bytes between the head of home's log and the acknowledged version, null before the first
 * @param stats what it last reported of itself
 * @param homeId the home that holds its stream
 * @param tables what it wants to hear of; null for every table
 * @param eligible whether it may cache
 * @param requestsPerSecond statements it answered between its last two acknowledgements
 * @param counters what that home has counted about it
 */
public record EdgeNode(
        String edgeId,
        String region,
        String baseUrl,
        Instant registeredAt,
        Instant lastSeen,
        long invalidationsSent,
        long generation,
        @Nullable Long ackedVersion,
        @Nullable Long lag,
        EdgeStats stats,
        String homeId,
        @Nullable List<String> tables,
        boolean eligible,
        double requestsPerSecond,
        EdgeCounters counters) {}

package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * The replication slot a home reads from, as in {@code pg_replication_slots}.
 *
 * @param name the slot
 * @param durable whether it outlives the home's connection
 * @param failover whether it is carried over to standbys (PostgreSQL 17 and later)
 * @param active whether somebody reads from it
 * @param walStatus {@code reserved}, {@code extended}, {@code unreserved} or {@code lost}; null if not known
 * @param retainedBytes WAL kept for it
 */
public record SlotState(
        String name,
        boolean durable,
        boolean failover,
        boolean active,
        @Nullable String walStatus,
        @Nullable Long retainedBytes) {}

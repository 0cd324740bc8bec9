package dev.perigee.home.database;

import org.jspecify.annotations.Nullable;

/**
 * Whether home sees the changes of a table, and if not, why not and what would mend it.
 *
 * @param name qualified, as in invalidations
 * @param kind {@code table}, {@code partitioned} or {@code foreign}
 * @param published whether it is in the publication: only then may results that depend on it be kept
 * @param replicaIdentity {@code default}, {@code full}, {@code index} or {@code nothing}
 * @param reason why it is not published, or null: {@code unlogged}, {@code foreign}, {@code no-replica-identity},
 *     {@code partition-without-replica-identity}, {@code not-owner}, {@code publication-not-owned},
 *     {@code pending}
 * @param statement the SQL that mends it, or null when nothing does or nothing is needed
 */
public record TableStatus(
        String name,
        String kind,
        boolean published,
        String replicaIdentity,
        @Nullable String reason,
        @Nullable String statement) {}

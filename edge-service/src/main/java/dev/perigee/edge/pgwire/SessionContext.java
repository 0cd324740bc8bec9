package dev.perigee.edge.pgwire;

import dev.perigee.model.StreamPosition;
import org.jspecify.annotations.Nullable;

/**
 * What of a session changes answers, as the server itself has said. Immutable.
 *
 * <p>It is a fact about the catalog too (a schema of the search path may be created by others), so it carries a stamp, and
 * falls with the fence.
 *
 * @param identity database, users, effective search path, settings: equal in two sessions if the same text means the same
 * @param catalog what names are resolved by
 * @param epoch of the server the session is on
 * @param readAt it contains every change of the catalog at or below this
 * @param speaksUtf8 whether the client's encoding is UTF-8
 * @param obstacle why nothing may be served or kept in this session; null if it may
 */
record SessionContext(
        String identity,
        Catalog catalog,
        String epoch,
        StreamPosition readAt,
        boolean speaksUtf8,
        @Nullable String obstacle) {}

package dev.perigee.edge.query;

import dev.perigee.edge.cache.CachedResult;

/** Is told of reads that are answered from memory within the bound on staleness, on their own path: it must be quick. */
interface HitListener {

    /** Is told, and does nothing. */
    HitListener NOBODY = (read, result) -> {};

    /** This result is about to be served. */
    void served(Read read, CachedResult result);
}

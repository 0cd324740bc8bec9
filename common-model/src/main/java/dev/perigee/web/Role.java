package dev.perigee.web;

/** What a bearer token allows. A token may have several; none includes another. */
public enum Role {
    /** To be an edge: open the stream, acknowledge, forward statements. */
    EDGE,
    /** To run SQL. */
    CLIENT,
    /** To administer: list, evict, invalidate, look into the cache. */
    ADMIN,
    /** To scrape metrics. */
    METRICS
}

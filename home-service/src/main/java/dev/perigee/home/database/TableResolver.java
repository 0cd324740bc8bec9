package dev.perigee.home.database;

import reactor.core.publisher.Mono;

/** Finds tables by name. Thread-safe. */
public interface TableResolver {

    /**
     * The qualified name, as it stands in invalidations, of the table a name means in home's search path: of a
     * partition, its root.
     *
     * @param name as in SQL, qualified or not
     * @return empty if there is no such table, or the name is malformed
     */
    Mono<String> resolve(String name);
}

package dev.perigee.model;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A manual invalidation: either some tables, or, said explicitly, all.
 *
 * @param tables names as in SQL, resolved against the catalog
 * @param all true to invalidate everything
 */
public record InvalidationRequest(
        @Nullable List<String> tables, @Nullable Boolean all) {

    /** The most tables one request may name. */
    public static final int MAX_TABLES = 1000;

    public InvalidationRequest {
        boolean everything = Boolean.TRUE.equals(all);
        boolean some = tables != null && !tables.isEmpty();
        Validation.check(everything != some, "give either a non-empty list of tables, or \"all\": true");
        Validation.check(
                tables == null || tables.size() <= MAX_TABLES, "at most " + MAX_TABLES + " tables in one request");
        Validation.check(
                tables == null || tables.stream().allMatch(Objects::nonNull), "the name of a table must not be null");
        tables = tables == null ? null : List.copyOf(tables);
    }
}

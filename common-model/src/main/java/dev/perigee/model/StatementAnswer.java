package dev.perigee.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether the results of a statement may be kept.
 *
 * @param cacheability {@link PerigeeHeaders#CACHEABLE}, or the reason code why they may not
 * @param tables the qualified names of the tables they depend on, if they may
 * @param version {@code epoch:version}: the answer takes into account every change of the catalog up to there. Null, along
 *     with the reason {@code gate-closed}, while home does not know
 * @param ttlMs how long a result may be kept at the most, milliseconds, or null for the edge to say
 */
public record StatementAnswer(
        String cacheability,
        List<String> tables,
        @Nullable String version,
        @Nullable Long ttlMs) {

    public StatementAnswer {
        Validation.check(cacheability != null && !cacheability.isEmpty(), "cacheability must not be empty");
        Validation.check(
                version != null || !cacheability.equals(PerigeeHeaders.CACHEABLE),
                "what is cacheable is so as of a version");
        tables = tables == null ? List.of() : List.copyOf(tables);
    }
}

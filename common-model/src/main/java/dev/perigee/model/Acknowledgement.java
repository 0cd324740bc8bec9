package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * An edge has applied every frame up to this version. Cumulative.
 *
 * @param generation of the session it speaks for
 * @param upToVersion the version in the id of the last frame applied
 * @param stats what the edge reports of itself; zeros if it reports nothing
 * @param epoch in the id of that frame; null from an edge that does not say it, whose versions are then all there is to
 *     go by
 */
public record Acknowledgement(
        long generation,
        long upToVersion,
        @Nullable EdgeStats stats,
        @Nullable String epoch) {

    public Acknowledgement {
        Validation.check(generation > 0, "generation must be positive");
        Validation.check(upToVersion >= 0, "up_to_version must not be negative");
    }

    /** Of an edge that does not say its epoch. */
    public Acknowledgement(long generation, long upToVersion, @Nullable EdgeStats stats) {
        this(generation, upToVersion, stats, null);
    }
}

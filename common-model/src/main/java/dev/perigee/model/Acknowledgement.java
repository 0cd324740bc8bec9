package dev.perigee.model;

import org.jspecify.annotations.Nullable;

/**
 * An edge has applied every frame up to this version. Cumulative.
 *
 * @param generation of the session it speaks for
 * @param upToVersion the version in the id of the last frame applied
 * @param stats what the edge reports of itself; zeros if it reports nothing
 */
public record Acknowledgement(
        long generation, long upToVersion, @Nullable EdgeStats stats) {

    public Acknowledgement {
        Validation.check(generation > 0, "generation must be positive");
        Validation.check(upToVersion >= 0, "up_to_version must not be negative");
    }
}

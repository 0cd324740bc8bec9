package dev.perigee.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An edge has applied every frame up to this version. Cumulative.
 *
 * @param generation of the session it speaks for
 * @param upToVersion the version in the id of the last frame applied
 * @param stats what the edge reports of itself; zeros if it reports nothing
 * @param epoch in the id of that frame; null from an edge that does not say it, whose versions are then all there is to
 *     go by
 * @param appliedAgoMs how long ago each of the last invalidations before that was applied, whole milliseconds, the newest
 *     last: an edge does not acknowledge at once. Those before them are not told of; none are if it is null
 */
public record Acknowledgement(
        long generation,
        long upToVersion,
        @Nullable EdgeStats stats,
        @Nullable String epoch,
        @Nullable List<Integer> appliedAgoMs) {

    /** The most invalidations one tells of. */
    public static final int MAX_APPLIED = 1000;

    public Acknowledgement {
        Validation.check(generation > 0, "generation must be positive");
        Validation.check(upToVersion >= 0, "up_to_version must not be negative");
        if (appliedAgoMs != null) {
            Validation.check(appliedAgoMs.size() <= MAX_APPLIED, "at most " + MAX_APPLIED + " of applied_ago_ms");
            Validation.check(
                    appliedAgoMs.stream().allMatch(ago -> ago != null && ago >= 0),
                    "applied_ago_ms must not be negative");
        }
    }

    /** Of an edge that says neither its epoch nor how long it has waited. */
    public Acknowledgement(long generation, long upToVersion, @Nullable EdgeStats stats) {
        this(generation, upToVersion, stats, null, null);
    }
}

package dev.perigee.model;

import java.time.Instant;

/**
 * The edge has been sent everything up to here. Only a bookmark (or a reset) says so: after an invalidation, an older
 * change of another table may still be on its way, compacted into a later record.
 *
 * @param upToVersion the head of home's log
 * @param visibleVersion everything at or below it is visible to every snapshot taken from now on; 0 while home
 *     does not know
 * @param asOf when home sent the WAL heartbeat it last read back, by home's clock; for people to read
 */
public record Bookmark(long upToVersion, long visibleVersion, Instant asOf) implements StreamEvent {

    /** The {@code event:} field. */
    public static final String EVENT = "bookmark";

    public Bookmark {
        Validation.check(asOf != null, "a bookmark says as of when");
    }

    @Override
    public String eventName() {
        return EVENT;
    }
}

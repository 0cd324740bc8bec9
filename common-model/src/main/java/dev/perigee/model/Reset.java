package dev.perigee.model;

/**
 * The edge's cursor cannot be used: it drops everything at or below the version in the frame's id, then carries on from
 * there.
 *
 * @param upToVersion the head of home's log, from which the stream carries on
 * @param reason why
 */
public record Reset(long upToVersion, Reason reason) implements StreamEvent {

    /** The {@code event:} field. */
    public static final String EVENT = "reset";

    public Reset {
        Validation.check(reason != null, "a reset has a reason");
    }

    /** Why a cursor could not be used. */
    public enum Reason {
        /** The edge brought no cursor. */
        NEW,
        /** The cursor is from before home's log began. */
        COMPACTED,
        /** The cursor, or the session, belongs to another epoch. */
        EPOCH,
        /** The cursor is beyond what home has decoded. */
        AHEAD
    }

    @Override
    public String eventName() {
        return EVENT;
    }
}

package dev.perigee.model;

/**
 * Home closes the stream on purpose. Advisory: a stream that just ends is handled the same way.
 *
 * @param reason why
 * @param retryMs how long the edge should wait before it connects again, milliseconds
 */
public record Goodbye(Reason reason, long retryMs) implements StreamEvent {

    /** The {@code event:} field. */
    public static final String EVENT = "goodbye";

    public Goodbye {
        Validation.check(reason != null, "a goodbye has a reason");
    }

    /** Why home closed the stream. */
    public enum Reason {
        /** Home is shutting down. */
        DRAIN,
        /** The same edge registered again. */
        SUPERSEDED,
        /** An operator evicted the edge, or it did not acknowledge in time. */
        EVICTED,
        /** The token is no longer valid. */
        AUTH
    }

    @Override
    public String eventName() {
        return EVENT;
    }
}

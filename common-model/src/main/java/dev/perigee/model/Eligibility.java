package dev.perigee.model;

/**
 * The operator's choice for this edge: after every hello, and whenever it changes. It has no place in the log and needs
 * no acknowledgement.
 *
 * @param enabled whether the edge may cache; if not it drops what it has and passes everything through
 * @param capacity what it has to work with
 */
public record Eligibility(boolean enabled, Capacity capacity) implements StreamEvent {

    /** The {@code event:} field. */
    public static final String EVENT = "eligibility";

    @Override
    public String eventName() {
        return EVENT;
    }
}

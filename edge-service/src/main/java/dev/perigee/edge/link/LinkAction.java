package dev.perigee.edge.link;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.Eligibility;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the link wants done, in the order given. */
sealed interface LinkAction {

    /** Ask a home, by its place in the configuration, for the stream: from the cursor on, or anew. */
    record Connect(int attempt, int home, @Nullable StreamPosition cursor) implements LinkAction {}

    /** Close the stream. */
    record Disconnect() implements LinkAction {}

    /** Raise the watermarks. */
    record Raise(InvalidationEvent event) implements LinkAction {}

    /** Reset the watermarks. */
    record ResetTo(StreamPosition position) implements LinkAction {}

    /** Something may have been missed: close the watermarks. */
    record Flush() implements LinkAction {}

    /** Cache as the operator has it. */
    record Follow(Eligibility eligibility) implements LinkAction {}

    /**
     * Acknowledge everything up to this version.
     *
     * @param appliedAgoMs as {@link Acknowledgement} has it
     */
    record Acknowledge(int attempt, long generation, StreamPosition upTo, List<Integer> appliedAgoMs)
            implements LinkAction {}

    /** Tell the operator. */
    record Say(Weight weight, String line) implements LinkAction {}

    /** How much it matters. */
    enum Weight {
        GOOD,
        TROUBLE,
        ACTION_NEEDED
    }
}

package dev.perigee.edge.pgwire;

import org.jspecify.annotations.Nullable;

/**
 * What the unnamed statement is, after messages of which some may yet turn out to have been skipped by the server. A change that
 * was skipped is taken out from among the others, whichever came after it.
 *
 * <p>For one session's thread.
 */
final class UnnamedStatement {

    private static final int MOST_CHANGES = 1000;

    private Change last = new Change(null, null);
    private int changes;

    /** One message's doing. */
    static final class Change {
        private @Nullable Prepared value;
        private @Nullable Change before;

        private Change(@Nullable Prepared value, @Nullable Change before) {
            this.value = value;
            this.before = before;
        }

        /** The message has failed, and that leaves none. */
        void failed() {
            value = null;
        }
    }

    /** Null if there is none, or it is not known. */
    @Nullable
    Prepared get() {
        return last.value;
    }

    /** It is this now, by a message that is on its way. */
    Change change(@Nullable Prepared value) {
        // Nobody has as many on their way; who never waits for an answer must not fill our memory.
        changes = changes == MOST_CHANGES ? 0 : changes + 1;
        last = new Change(value, changes == 0 ? null : last);
        return last;
    }

    /** It is this now, whatever is on its way. */
    void set(@Nullable Prepared value) {
        changes = 0;
        last = new Change(value, null);
    }

    /** What a message was to do has not been done. */
    @SuppressWarnings("ReferenceEquality") // one of the changes, not one like it
    void skipped(Change change) {
        if (last == change) {
            last = change.before == null ? new Change(null, null) : change.before;
            return;
        }
        for (Change later = last; later != null; later = later.before) {
            if (later.before == change) {
                later.before = change.before;
                return;
            }
        }
    }
}

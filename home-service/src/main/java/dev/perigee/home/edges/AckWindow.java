package dev.perigee.home.edges;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The frames an edge was sent and has not acknowledged: at most so many. Not thread-safe.
 *
 * <p>Versions of different epochs do not compare. After a reset the edge may still acknowledge what it applied before, in
 * the old epoch, and may not say so: until it acknowledges the very version of a frame sent since, what it says is a sign
 * of life and nothing more.
 */
final class AckWindow {

    /** Is told of an invalidation that was applied. */
    interface Timed {

        /**
         * One of those that are to be timed.
         *
         * @param appendedAt as it was given
         * @param ago how long the edge has waited since it applied it, nanoseconds; 0 if it does not say
         */
        void applied(long appendedAt, long ago);
    }

    private final int size;
    private final SentFrames inFlight = new SentFrames();
    private boolean aligned;
    private long sentTo = -1;
    private @Nullable Long acknowledged;
    private long confirmed = -1;

    AckWindow(int size) {
        this.size = size;
    }

    boolean full() {
        return inFlight.size() >= size;
    }

    boolean halfFull() {
        return inFlight.size() * 2 >= size;
    }

    boolean aligned() {
        return aligned;
    }

    /** The last version acknowledged, or null. */
    @Nullable
    Long acknowledged() {
        return acknowledged;
    }

    /** The last bookmark or reset acknowledged, or -1: up to there the edge has everything. */
    long confirmed() {
        return confirmed;
    }

    /** The edge resumes: it may acknowledge up to there at once. */
    void startAt(long version) {
        aligned = true;
        sentTo = version;
    }

    /** A reset was sent: nothing before it counts any more. */
    void reset(long version) {
        inFlight.clear();
        aligned = false;
        acknowledged = null;
        confirmed = -1;
        sent(version, true, null);
    }

    /**
     * A frame was sent.
     *
     * @param complete whether the edge has everything up to this version when it has applied it
     * @param appendedAt when what it carries came into the log, if its way to the edge is to be timed
     */
    void sent(long version, boolean complete, @Nullable Long appendedAt) {
        inFlight.add(version, complete, appendedAt);
        sentTo = version;
    }

    /**
     * Frees what was acknowledged.
     *
     * @param agoMs of the last invalidations among it, the newest last, how long ago each was applied, milliseconds
     * @param timed is told of those that have a time
     * @throws ProblemException {@code invalid-request} if the version is above all that were sent
     */
    void acknowledge(long version, List<Integer> agoMs, Timed timed) {
        if (!aligned) {
            if (!inFlight.contains(version)) {
                return;
            }
            aligned = true;
        }
        if (version > sentTo) {
            throw new ProblemException(
                    ProblemCode.INVALID_REQUEST, "up_to_version is above " + sentTo + ", the last version sent");
        }
        int at = agoMs.size() - inFlight.invalidations(version);
        for (; inFlight.reaches(version); inFlight.removeFirst()) {
            if (inFlight.isComplete()) {
                confirmed = inFlight.version();
            } else {
                if (inFlight.isTimed()) {
                    timed.applied(inFlight.appendedAt(), at < 0 ? 0 : TimeUnit.MILLISECONDS.toNanos(agoMs.get(at)));
                }
                at++;
            }
        }
        if (acknowledged == null || version > acknowledged) {
            acknowledged = version;
        }
    }
}

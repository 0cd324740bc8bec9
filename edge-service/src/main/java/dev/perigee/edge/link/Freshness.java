package dev.perigee.edge.link;

import dev.perigee.model.AcknowledgementAnswer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * How current the edge is, in durations alone: no two machines' clocks are compared.
 *
 * <p>Home answers an acknowledgement with the head of its log and the age of the last heartbeat that came all the way
 * through the database. The acknowledgement was sent at our own t0, home looked after t0, so the heartbeat was written
 * after {@code t0 - age}; hence the head covers every commit before that. Once everything up to that head has been
 * applied here, we are current as of {@code t0 - age}. Until then the answer is kept as a claim.
 *
 * <p>Not thread-safe.
 */
final class Freshness {

    private static final int MAX_CLAIMS = 16;
    private static final long LONGEST_AGE = Duration.ofDays(365).toMillis();

    private final Deque<Claim> claims = new ArrayDeque<>();
    private @Nullable Long currentAsOf;

    private record Claim(long asOf, long target) {}

    /** Every commit before this moment has been applied; null if none is known. Monotonic, nanoseconds. */
    @Nullable
    Long currentAsOf() {
        return currentAsOf;
    }

    /**
     * Home has answered an acknowledgement.
     *
     * @param sentAt when we sent it
     */
    void claim(long sentAt, AcknowledgementAnswer answer) {
        long age = answer.feedAgeMs();
        if (age < 0 || age > LONGEST_AGE) {
            return;
        }
        if (claims.size() == MAX_CLAIMS) {
            // The oldest is the next to come true; without it a link that is always late would never prove anything.
            claims.removeLast();
        }
        claims.addLast(new Claim(sentAt - Duration.ofMillis(age).toNanos(), answer.upToVersion()));
    }

    /** Everything up to this version has been applied. */
    void reached(long version) {
        for (Claim claim = claims.peekFirst(); claim != null && claim.target <= version; claim = claims.peekFirst()) {
            claims.removeFirst();
            Long before = currentAsOf;
            if (before == null || claim.asOf - before > 0) {
                currentAsOf = claim.asOf;
            }
        }
    }

    /** Nothing is known any more. */
    void clear() {
        claims.clear();
        currentAsOf = null;
    }

    /** The answers outstanding belong to a session that is gone, perhaps to another home: wait for new ones. */
    void forgetClaims() {
        claims.clear();
    }
}

package dev.perigee.home.edges;

import dev.perigee.model.EdgeStats;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An edge's signs of life during one session: only its acknowledgements count. Not thread-safe. */
final class Vitals {

    private final RequestRate rate = new RequestRate();
    private long lastAckAt;
    private Instant lastSeen;
    private EdgeStats stats = EdgeStats.NONE;

    /** Registering is the first sign. */
    Vitals(Moment registered) {
        this.lastAckAt = registered.nanos();
        this.lastSeen = registered.time();
    }

    /** It has acknowledged; gives how long that took since the time before. */
    Duration acknowledged(@Nullable EdgeStats reported, Moment now) {
        Duration since = silence(now.nanos());
        lastAckAt = now.nanos();
        lastSeen = now.time();
        if (reported != null) {
            stats = reported;
            rate.report(reported, now.nanos());
        }
        return since;
    }

    /** How long ago the last sign was. */
    Duration silence(long now) {
        return Duration.ofNanos(now - lastAckAt);
    }

    Instant lastSeen() {
        return lastSeen;
    }

    EdgeStats stats() {
        return stats;
    }

    double requestsPerSecond() {
        return rate.perSecond();
    }
}

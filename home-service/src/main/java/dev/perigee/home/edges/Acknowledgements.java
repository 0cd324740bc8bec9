package dev.perigee.home.edges;

import dev.perigee.home.wal.Feed;
import dev.perigee.model.Acknowledgement;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Takes acknowledgements, by whichever way they come. Thread-safe, never blocks. */
final class Acknowledgements {

    /** Ten times of what one takes, with what the kernel does for it. */
    private static final long MICROSECONDS_EACH = 500;

    private final EdgeRegistry registry;
    private final Wakeups progress;
    private final Feed feed;
    private final EdgeReports reports;

    /**
     * For this registry's sessions.
     *
     * @param progress is woken after each
     * @param reports knows which edges are to be asked for one
     */
    Acknowledgements(EdgeRegistry registry, Wakeups progress, Feed feed, EdgeReports reports) {
        this.registry = registry;
        this.progress = progress;
        this.feed = feed;
        this.reports = reports;
    }

    /**
     * Passes one to the session it speaks for.
     *
     * @throws ProblemException as {@link EdgeRegistry#acknowledge}; then nothing has changed
     */
    AcknowledgementAnswer take(String edgeId, Acknowledgement ack) {
        EdgeSession session = registry.acknowledge(edgeId, ack);
        progress.wake();
        // The age first: the head read after it covers the heartbeat whose age it is.
        Duration age = feed.age();
        Long head = session.provenHead();
        Boolean report = reports.due(edgeId) ? true : null;
        Integer spread = spreadMs();
        return head == null
                ? new AcknowledgementAnswer(ack.upToVersion(), AcknowledgementAnswer.AGE_UNKNOWN, report, spread)
                : new AcknowledgementAnswer(head, millis(age), report, spread);
    }

    /** So that acknowledgements take no more than a tenth of a core at any time, as long as there is time enough. */
    private @Nullable Integer spreadMs() {
        long most = feed.heartbeat().toMillis() / 2;
        long spread = Math.min(most, TimeUnit.MICROSECONDS.toMillis(registry.size() * MICROSECONDS_EACH));
        return spread == 0 ? null : (int) spread;
    }

    /** Rounded up: an edge on the same machine would otherwise take itself for fresher than it is. */
    private static long millis(Duration age) {
        return age.toSeconds() >= Integer.MAX_VALUE
                ? AcknowledgementAnswer.AGE_UNKNOWN
                : age.plusNanos(999_999).toMillis();
    }
}

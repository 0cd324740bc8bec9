package dev.perigee.home.edges;

import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.LogRecord;
import dev.perigee.model.Acknowledgement;
import dev.perigee.model.Bookmark;
import dev.perigee.model.EdgeNode;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Eligibility;
import dev.perigee.model.Goodbye;
import dev.perigee.model.Hello;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One edge, from registration to goodbye. No invalidation is kept for it: what it has not been sent yet is in the log,
 * after its {@link LogCursor}, and what it has not acknowledged is a handful of numbers in the {@link AckWindow}.
 *
 * <p>{@link #next} is the whole protocol: hello; whether the edge may cache; a reset if the cursor is unusable; the
 * records after the cursor that are in its interest, in order; and, when there are none left, a bookmark. With the window
 * full it gives nothing, and the cursor waits while the log compacts what it will read.
 *
 * <p>Thread-safe. Times are home's monotonic clock in nanoseconds, unless they are {@link Instant}s.
 */
final class EdgeSession {

    private static final Duration RETRY_AFTER_DRAIN = Duration.ofMillis(500);
    /** An edge mostly has its next token by then; if it does not, it is told so when it registers. */
    private static final Duration RETRY_AFTER_EXPIRY = Duration.ofMillis(100);

    private static final Duration RETRY_AFTER_EVICTION = Duration.ofSeconds(5);

    private final EdgeRegistration registration;
    private final long generation;
    private final @Nullable StreamPosition resumeFrom;
    private final Source source;
    private final SessionSettings settings;
    private final EdgeTally tally;
    private final Runnable waker;
    private final Instant registeredAt;
    private final AckWindow window;
    private final Vitals vitals;

    private final LogCursor cursor;

    private boolean greeted;
    private @Nullable Eligibility eligibilitySent;
    private Reset.@Nullable Reason resetDue;
    private Goodbye.@Nullable Reason closing;
    private boolean ended;
    private long sentComplete = -1;
    private long bookmarkedVisible = -1;
    private long lastFrameAt;
    private long invalidationsSent;

    /**
     * A session that has sent nothing yet.
     *
     * @param resumeFrom the last frame the edge has applied, or null if it knows nothing
     * @param waker asks the stream to call {@link #next} again; must not block
     */
    EdgeSession(
            EdgeRegistration registration,
            long generation,
            @Nullable StreamPosition resumeFrom,
            Source source,
            SessionSettings settings,
            EdgeTally tally,
            Runnable waker,
            Moment now) {
        this.registration = registration;
        this.generation = generation;
        this.resumeFrom = resumeFrom;
        this.source = source;
        this.settings = settings;
        this.tally = tally;
        this.waker = waker;
        this.window = new AckWindow(settings.window());
        EpochLog log = Objects.requireNonNull(source.log(), "the log has not begun");
        this.cursor = new LogCursor(log, registration.interest(), tally);
        this.registeredAt = now.time();
        this.vitals = new Vitals(now);
        this.lastFrameAt = now.nanos();
    }

    String edgeId() {
        return registration.edgeId();
    }

    long generation() {
        return generation;
    }

    /** The next frame to send, or null when there is nothing to say now; after a goodbye, for ever. */
    synchronized @Nullable Frame next(long now) {
        Frame frame = ended ? null : choose(now);
        if (frame != null) {
            lastFrameAt = now;
            StreamEvent event = frame.event();
            if (event != null) {
                tally.frameSent(event);
            }
        }
        return frame;
    }

    private @Nullable Frame choose(long now) {
        Goodbye.Reason reason = closing;
        if (reason != null) {
            ended = true;
            return new Frame(null, new Goodbye(reason, retry(reason).toMillis()));
        }
        if (!greeted) {
            return hello(now);
        }
        Eligibility eligibility = source.eligibility(edgeId());
        // Asks first whether it is the very same, as it mostly is: to compare records takes a fifth of the time of a
        // frame.
        if (!Objects.equals(eligibility, eligibilitySent)) {
            eligibilitySent = eligibility;
            return new Frame(null, eligibility);
        }
        if (window.full()) {
            return null;
        }
        EpochLog present = source.log();
        if (present != null && present != cursor.log()) {
            adopt(present);
            resetDue = Reset.Reason.EPOCH;
        }
        if (resetDue == null && awaitsTheLog(now)) {
            return now - lastFrameAt < settings.heartbeat().toNanos() ? null : Frame.COMMENT;
        }
        if (resetDue != null) {
            return reset(resetDue);
        }
        // The head first: when there is then nothing after the cursor, everything up to that head has been sent.
        long head = cursor.log().head();
        LogRecord record = cursor.next();
        return record == null ? bookmark(head, now) : invalidate(record);
    }

    private Frame hello(long now) {
        greeted = true;
        adopt(Objects.requireNonNull(source.log(), "a log does not end"));
        resetDue = cursor.whyUnusable(resumeFrom);
        Long resumed = null;
        if (resetDue == null && resumeFrom != null) {
            resumed = resumeFrom.version();
            cursor.resume(resumed, now);
            window.startAt(resumed);
            tally.resumed();
        }
        long heartbeat = settings.heartbeat().toMillis();
        String epoch = cursor.log().epoch();
        return new Frame(null, new Hello(generation, epoch, settings.homeId(), resumed, heartbeat, settings.window()));
    }

    private void adopt(EpochLog present) {
        cursor.adopt(present);
        sentComplete = -1;
    }

    /** Whether the log is behind the cursor. If that takes too long, a reset is due instead. */
    private boolean awaitsTheLog(long now) {
        long waited = cursor.aheadFor(now);
        if (waited > settings.liveness().toNanos()) {
            resetDue = Reset.Reason.AHEAD;
            return false;
        }
        return waited >= 0;
    }

    private Frame reset(Reset.Reason reason) {
        resetDue = null;
        long head = cursor.skipToHead();
        sentComplete = head;
        bookmarkedVisible = -1;
        window.reset(head);
        tally.reset(reason);
        return new Frame(cursor.position(head), new Reset(head, reason));
    }

    private Frame invalidate(LogRecord record) {
        boolean appendedMeanwhile = cursor.pass(record);
        long version = cursor.version();
        window.sent(version, false, appendedMeanwhile ? record.appendedAt() : null);
        invalidationsSent++;
        return new Frame(cursor.position(version), cursor.ofInterest(record.event()));
    }

    private @Nullable Frame bookmark(long head, long now) {
        if (head < cursor.version()) {
            // The log is between adding the record we have just sent and moving its head; it will wake us.
            return null;
        }
        long visible = visibleVersion();
        // News of visibility alone can wait for an acknowledgement; it must not eat up the window of the records.
        boolean moved = head != sentComplete || (visible != bookmarkedVisible && !window.halfFull());
        if (!moved && now - lastFrameAt < settings.heartbeat().toNanos()) {
            return null;
        }
        cursor.completed(head);
        sentComplete = head;
        bookmarkedVisible = visible;
        window.sent(head, true, null);
        return new Frame(cursor.position(head), new Bookmark(head, visible, source.asOf()));
    }

    private long visibleVersion() {
        StreamPosition visible = source.visible();
        return visible == null || !visible.epoch().equals(cursor.log().epoch()) ? 0 : visible.version();
    }

    private static Duration retry(Goodbye.Reason reason) {
        return switch (reason) {
            case DRAIN -> RETRY_AFTER_DRAIN;
            case AUTH -> RETRY_AFTER_EXPIRY;
            case SUPERSEDED, EVICTED -> RETRY_AFTER_EVICTION;
        };
    }

    /**
     * The edge has applied every frame up to a version. Cumulative, so that repeating it is harmless.
     *
     * @throws ProblemException {@code invalid-request} if it was not sent that far
     */
    synchronized void acknowledge(Acknowledgement ack, Moment now) {
        boolean waited = window.full();
        String epoch = ack.epoch();
        // The same version may be there in both epochs: after a crash of the server a durable slot brings the very
        // records again that the edge has heard of before.
        if (epoch == null || epoch.equals(cursor.log().epoch())) {
            List<Integer> ago = ack.appliedAgoMs();
            window.acknowledge(
                    ack.upToVersion(),
                    ago == null ? List.of() : ago,
                    (appendedAt, heldBack) -> tally.applied(Duration.ofNanos(now.nanos() - appendedAt - heldBack)));
        }
        if (vitals.acknowledged(ack.stats(), now).compareTo(settings.heartbeat().multipliedBy(2)) > 0) {
            tally.ackLate();
        }
        // Otherwise there is nothing that waits for it; what is new since is told of by a pass over all streams.
        if (waited) {
            waker.run();
        }
    }

    /**
     * Whether the edge is known to live in the present epoch. Until it has acknowledged the reset, its versions and
     * ours do not compare.
     */
    synchronized boolean aligned() {
        return greeted && resetDue == null && window.aligned() && cursor.log() == source.log();
    }

    /** The head of the log, or null while the edge's versions and ours do not compare. */
    synchronized @Nullable Long provenHead() {
        return aligned() ? cursor.log().head() : null;
    }

    /** Ends the session: the next frame is the goodbye, and the last. */
    void close(Goodbye.Reason reason) {
        synchronized (this) {
            if (closing != null) {
                return;
            }
            closing = reason;
        }
        waker.run();
    }

    synchronized boolean closed() {
        return closing != null;
    }

    synchronized boolean silent(long now) {
        return vitals.silence(now).compareTo(settings.liveness()) > 0;
    }

    /** Whether everything up to this version of the present epoch has been handed to the stream. */
    synchronized boolean delivered(long version) {
        return cursor.log() == source.log() && sentComplete >= version;
    }

    /** Whether the edge is not going to be sent anything now, for want of its own acknowledgements or of our log. */
    synchronized boolean behind() {
        return window.full() || cursor.ahead();
    }

    /** Whether the edge has applied everything up to this version of the present epoch. */
    synchronized boolean confirmed(long version) {
        return aligned() && window.confirmed() >= version;
    }

    /** WAL bytes between the head of the log and what was acknowledged, or null before the first acknowledgement. */
    synchronized @Nullable Long lag() {
        Long acked = window.acknowledged();
        return acked == null || !aligned() ? null : Math.max(0, cursor.log().head() - acked);
    }

    synchronized EdgeNode view() {
        return new EdgeNode(
                registration.edgeId(),
                registration.region(),
                registration.baseUrl(),
                registeredAt,
                vitals.lastSeen(),
                invalidationsSent,
                generation,
                window.acknowledged(),
                lag(),
                vitals.stats(),
                settings.homeId(),
                registration.tables(),
                source.eligibility(edgeId()).enabled(),
                vitals.requestsPerSecond(),
                tally.counters());
    }

    /** What other homes are told of it. */
    synchronized Sighting sighting(long now) {
        boolean comparable = aligned();
        return new Sighting(
                view(),
                0,
                Math.max(0, vitals.silence(now).toMillis()),
                comparable ? cursor.log().epoch() : null,
                comparable ? window.confirmed() : -1);
    }
}

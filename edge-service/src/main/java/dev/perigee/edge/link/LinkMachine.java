package dev.perigee.edge.link;

import dev.perigee.edge.link.FrameParser.BadFrame;
import dev.perigee.edge.link.FrameParser.Parsed;
import dev.perigee.edge.link.LinkAction.Weight;
import dev.perigee.edge.link.LinkState.Connecting;
import dev.perigee.edge.link.LinkState.Stopped;
import dev.perigee.edge.link.LinkState.Streaming;
import dev.perigee.edge.link.LinkState.Waiting;
import dev.perigee.model.AcknowledgementAnswer;
import dev.perigee.model.Bookmark;
import dev.perigee.model.Eligibility;
import dev.perigee.model.Goodbye;
import dev.perigee.model.Hello;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The protocol between an edge and home, from the edge's side, without any I/O: events in, actions out, time passed in
 * (monotonic nanoseconds).
 *
 * <p>Two positions are kept. The <em>cursor</em> is the last frame applied, and what is acknowledged.
 * <em>completeTo</em> moves only with a bookmark or a reset, because home compacts: after an invalidation, an older
 * change of another table may still be on its way. Freshness, read-your-writes and resuming go by completeTo.
 *
 * <p>Whatever makes no sense may have been an invalidation. Then the fence is closed and the stream opened anew without
 * a cursor, so that home resets us. A stream that merely ends is resumed, and what is in memory stays good, only less
 * and less fresh.
 *
 * <p>Not thread-safe.
 */
final class LinkMachine {

    private static final long HELLO_TIMEOUT = Duration.ofSeconds(10).toNanos();
    private static final long LONGEST_HEARTBEAT_MS = Duration.ofMinutes(1).toMillis();
    private static final int MISSED_HEARTBEATS = 3;
    private static final int MOST_LINES = 100;

    private final Rounds rounds;
    private final Reader reader;
    private final Freshness freshness = new Freshness();
    private List<LinkAction> actions = new ArrayList<>();
    private LinkState state = new Stopped();
    private int attempts;
    private @Nullable StreamPosition cursor;
    private @Nullable StreamPosition completeTo;
    private @Nullable StreamPosition visible;
    private @Nullable AckPace pace;
    private @Nullable Instant proof;
    private Eligibility eligibility = LinkView.UNRESTRICTED;
    private long lastBytes;
    /** A registration was given up before it was answered: it may yet arrive, and then supersede a later one. */
    private boolean stray;

    private @Nullable String lastError;
    private final Set<String> said = new HashSet<>();

    LinkMachine(Rounds rounds) {
        this(rounds, FrameParser::parse);
    }

    /** As the other, with something else to read frames. */
    LinkMachine(Rounds rounds, Reader reader) {
        this.rounds = rounds;
        this.reader = reader;
    }

    /** Makes sense of frames: {@link FrameParser#parse}. */
    interface Reader {
        @Nullable
        Parsed read(LinkEvent.Frame frame) throws BadFrame;
    }

    /** Takes note of an event and says what is to be done about it. */
    List<LinkAction> handle(LinkEvent event, long now) {
        actions = new ArrayList<>();
        if (event instanceof LinkEvent.Start) {
            if (state instanceof Stopped) {
                connect(now);
            }
        } else if (event instanceof LinkEvent.Stop) {
            state = new Stopped();
            actions.add(new LinkAction.Disconnect());
        } else if (event instanceof LinkEvent.Broken broken) {
            distrust(broken.why(), now);
        } else if (event instanceof LinkEvent.Tick) {
            tick(now);
        } else if (event instanceof LinkEvent.Frame frame && isCurrent(frame.attempt())) {
            frame(frame, now);
        } else if (event instanceof LinkEvent.Bytes bytes && isCurrent(bytes.attempt())) {
            lastBytes = now;
        } else if (event instanceof LinkEvent.Refused refused && isCurrent(refused.attempt())) {
            retry(Retry.of(refused), now);
        } else if (event instanceof LinkEvent.Lost lost && isCurrent(lost.attempt())) {
            stray = stray || state instanceof Connecting;
            retry(Retry.trouble("home cannot be reached: " + lost.why()), now);
        } else if (event instanceof LinkEvent.AckAnswered answered && isCurrent(answered.attempt())) {
            acknowledged(answered.answer());
        } else if (event instanceof LinkEvent.AckRefused refused && isCurrent(refused.attempt())) {
            ackRefused(refused.status(), now);
        } else if (event instanceof LinkEvent.AckFailed failed && isCurrent(failed.attempt()) && pace != null) {
            pace.failed();
        }
        acknowledge(now);
        return actions;
    }

    /** When to send a {@link LinkEvent.Tick}, or null if none is needed. */
    @Nullable
    Long deadline() {
        if (state instanceof Waiting waiting) {
            return waiting.until();
        }
        if (state instanceof Connecting connecting) {
            return connecting.deadline();
        }
        AckPace acks = pace;
        if (state instanceof Streaming streaming && acks != null) {
            long watchdog = lastBytes + MISSED_HEARTBEATS * streaming.heartbeat();
            // Before the reset there is nothing to acknowledge: a tick for that would only ask for the next.
            boolean none = acks.inFlight() || streaming.awaitingReset();
            return none || watchdog - acks.deadline() < 0 ? watchdog : acks.deadline();
        }
        return null;
    }

    /** What may be told to the rest of the edge once all actions have been carried out. */
    LinkView view() {
        LinkView.Status status = LinkView.Status.STOPPED;
        long generation = 0;
        String homeId = null;
        if (state instanceof Waiting) {
            status = LinkView.Status.WAITING;
        } else if (state instanceof Connecting) {
            status = LinkView.Status.CONNECTING;
        } else if (state instanceof Streaming streaming) {
            status = LinkView.Status.STREAMING;
            generation = streaming.generation();
            homeId = streaming.homeId();
        }
        return new LinkView(
                status,
                cursor,
                completeTo,
                visible,
                freshness.currentAsOf(),
                generation,
                homeId,
                eligibility,
                lastError);
    }

    private boolean isCurrent(int attempt) {
        return attempt == attempts && (state instanceof Connecting || state instanceof Streaming);
    }

    /**
     * Resumes from the last bookmark, not from the last frame: after a compacted record an older change of another table
     * is still to come, and only the log that compacted it knows. What is sent twice does no harm.
     */
    private void connect(long now) {
        attempts++;
        cursor = completeTo;
        state = new Connecting(attempts, now + HELLO_TIMEOUT);
        actions.add(new LinkAction.Connect(attempts, rounds.home(), cursor));
    }

    private void tick(long now) {
        if (state instanceof Waiting waiting && now - waiting.until() >= 0) {
            connect(now);
        } else if (state instanceof Connecting connecting && now - connecting.deadline() >= 0) {
            stray = true;
            retry(Retry.trouble("home did not greet in time"), now);
        } else if (state instanceof Streaming streaming
                && now - lastBytes >= MISSED_HEARTBEATS * streaming.heartbeat()) {
            retry(Retry.trouble("nothing came from home for 3 heartbeats"), now);
        }
    }

    private void frame(LinkEvent.Frame frame, long now) {
        lastBytes = now;
        try {
            Parsed parsed = reader.read(frame);
            if (parsed == null) {
                return;
            }
            if (parsed.event() instanceof Goodbye goodbye) {
                goodbye(goodbye, now);
            } else if (state instanceof Connecting connecting) {
                if (!(parsed.event() instanceof Hello hello)) {
                    throw new BadFrame("the stream does not begin with hello");
                }
                greeted(connecting, hello, now);
            } else if (parsed.event() instanceof Eligibility said) {
                eligibility = said;
                actions.add(new LinkAction.Follow(said));
            } else if (state instanceof Streaming streaming && parsed.id() != null) {
                apply(streaming, parsed, parsed.id(), now);
            } else {
                throw new BadFrame("a second hello");
            }
        } catch (BadFrame bad) {
            distrust(String.valueOf(bad.getMessage()), now);
        }
    }

    private void greeted(Connecting connecting, Hello hello, long now) throws BadFrame {
        String homeId = hello.homeId();
        if (hello.heartbeatMs() <= 0 || hello.window() <= 0 || hello.generation() <= 0 || homeId == null) {
            throw new BadFrame("a hello without a heartbeat, a window, a generation or a home");
        }
        StreamPosition from = cursor;
        boolean sameEpoch = from != null && from.epoch().equals(hello.epoch());
        Long resumed = hello.resumedFrom();
        if (resumed != null && (from == null || !sameEpoch || from.version() != resumed)) {
            throw new BadFrame("home resumes from where we are not");
        }
        if (from != null && !sameEpoch) {
            forgetEverything();
        }
        long heartbeat = Duration.ofMillis(Math.min(hello.heartbeatMs(), LONGEST_HEARTBEAT_MS))
                .toNanos();
        state = new Streaming(
                connecting.attempt(), hello.generation(), homeId, heartbeat, hello.window(), resumed == null);
        pace = new AckPace(hello.window(), heartbeat, hello.generation(), now);
        proof = null;
        freshness.forgetClaims();
        if (resumed != null) {
            pace.applied(now, true);
            inStep("home " + homeId + " resumes from " + from);
        }
    }

    private void apply(Streaming streaming, Parsed parsed, StreamPosition id, long now) throws BadFrame {
        boolean proves = false;
        if (parsed.event() instanceof Reset reset) {
            reset(streaming, reset, id);
            proves = true;
        } else {
            StreamPosition before = cursor;
            if (streaming.awaitingReset() || before == null || !before.epoch().equals(id.epoch())) {
                throw new BadFrame("a frame out of an epoch we have not been reset to");
            }
            if (id.version() < before.version()) {
                throw new BadFrame("the stream goes backwards");
            }
            if (parsed.event() instanceof InvalidationEvent invalidation) {
                actions.add(new LinkAction.Raise(invalidation));
                if (pace != null) {
                    pace.appliedInvalidation(now);
                }
            } else if (parsed.event() instanceof Bookmark bookmark) {
                complete(id);
                see(id.epoch(), bookmark.visibleVersion());
                // A new as_of is a heartbeat that came through the database: the best moment to prove freshness.
                proves = !bookmark.asOf().equals(proof);
                proof = bookmark.asOf();
            }
            cursor = id;
        }
        if (pace != null) {
            pace.applied(now, proves);
        }
    }

    private void reset(Streaming streaming, Reset reset, StreamPosition id) {
        StreamPosition known = completeTo;
        if (known != null && !known.epoch().equals(id.epoch())) {
            forgetEverything();
        }
        actions.add(new LinkAction.ResetTo(id));
        cursor = id;
        complete(id);
        state = streaming.inStep();
        inStep("home " + streaming.homeId() + " resets us ("
                + reset.reason().name().toLowerCase(Locale.ROOT) + ") to " + id);
    }

    /** In the same epoch what was complete once stays so, even if another home is behind the former. */
    private void complete(StreamPosition id) {
        StreamPosition known = completeTo;
        if (known == null || !known.epoch().equals(id.epoch()) || known.version() < id.version()) {
            completeTo = id;
            freshness.reached(id.version());
        }
    }

    /** What one home has proven visible stays so, even if the next one is behind. */
    private void see(String epoch, long version) {
        StreamPosition known = visible;
        if (version > 0 && (known == null || !known.epoch().equals(epoch) || known.version() < version)) {
            visible = new StreamPosition(epoch, version);
        }
    }

    private void acknowledge(long now) {
        AckPace acks = pace;
        StreamPosition at = cursor;
        if (state instanceof Streaming streaming
                && !streaming.awaitingReset()
                && acks != null
                && at != null
                && acks.due(now)) {
            acks.sent(now);
            actions.add(new LinkAction.Acknowledge(
                    streaming.attempt(), streaming.generation(), at, acks.appliedAgoMs(now)));
        }
    }

    /**
     * Home's head may be behind what another home has brought us to. What it answers is true all the same: we had
     * everything up to its head.
     */
    private void acknowledged(AcknowledgementAnswer answer) {
        AckPace acks = pace;
        if (acks != null && acks.inFlight()) {
            acks.answered(answer.spreadMs());
            rounds.succeeded();
            lastError = null;
            freshness.claim(acks.lastSent(), answer);
            StreamPosition known = completeTo;
            if (known != null) {
                freshness.reached(known.version());
            }
        }
    }

    private void ackRefused(int status, long now) {
        if (status == 404 || status == 409) {
            retry(Retry.trouble("home has ended our session (" + status + ")"), now);
        } else if (pace != null) {
            pace.failed();
            lastError = "home answers " + status + " to acknowledgements";
        }
    }

    private void goodbye(Goodbye goodbye, long now) {
        if (goodbye.reason() == Goodbye.Reason.SUPERSEDED && stray) {
            stray = false;
            retry(Retry.trouble("a registration we had given up has superseded the present one"), now);
        } else {
            retry(Retry.of(goodbye), now);
        }
    }

    /** Something may have been missed. */
    private void distrust(String why, long now) {
        if (state instanceof Stopped) {
            return;
        }
        cursor = null;
        forgetEverything();
        retry(Retry.trouble("an invalidation may have been missed, everything is dropped: " + why), now);
    }

    private void forgetEverything() {
        completeTo = null;
        visible = null;
        freshness.clear();
        actions.add(new LinkAction.Flush());
    }

    private void retry(Retry retry, long now) {
        if (!(state instanceof Waiting)) {
            actions.add(new LinkAction.Disconnect());
        }
        state = new Waiting(now + rounds.next(retry));
        pace = null;
        lastError = retry.why();
        say(retry.weight(), retry.why());
    }

    private void inStep(String line) {
        lastError = null;
        said.clear();
        say(Weight.GOOD, line);
    }

    /** Each line once until we are in step again, not once per attempt. */
    private void say(Weight weight, String line) {
        if (said.size() < MOST_LINES && said.add(line)) {
            actions.add(new LinkAction.Say(weight, line));
        }
    }
}

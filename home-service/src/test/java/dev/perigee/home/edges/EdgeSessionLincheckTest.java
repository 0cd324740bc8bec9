package dev.perigee.home.edges;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.Bookmark;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.testing.Interleavings;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The log, the stream and acknowledgements of one session. {@link AckWindow} leaves it to {@link EdgeSession} that one
 * thread at a time is in it, so that it is looked at in there.
 */
@Tag("long")
public class EdgeSessionLincheckTest {

    private static final int WINDOW = 2;
    private static final long START = 100;
    private static final Moment NOW = new Moment(0, Instant.EPOCH);

    private final FakeSource source = FakeSource.begun(START);
    private final EdgeSession session = new EdgeSession(
            new EdgeRegistration("edge-1", "here", "http://edge-1:8081"),
            7,
            new StreamPosition(FakeSource.EPOCH, START),
            source,
            new SessionSettings("home-1", Duration.ofSeconds(1), WINDOW, Duration.ofSeconds(10)),
            new EdgeTally(new EdgeMetrics(new CompositeMeterRegistry())),
            () -> {},
            NOW);

    /** The latest change of each table that the log was given. */
    private volatile long a = START;

    private volatile long b = START;
    private long version = START;

    private final Deque<Long> unacknowledged = new ArrayDeque<>();
    private long sentA = START;
    private long sentB = START;
    private volatile long sentTo = START;
    private volatile long ackBegun = START;

    public EdgeSessionLincheckTest() {
        // Hello, and that it may cache.
        session.next(0);
        session.next(0);
    }

    @Operation(nonParallelGroup = "log")
    public void commitA() {
        version++;
        a = version;
        source.commit(version, "public.a");
    }

    @Operation(nonParallelGroup = "log")
    public void commitB() {
        version++;
        b = version;
        source.commit(version, "public.b");
    }

    /** Requests of an edge may overtake each other. */
    @Operation
    public void acknowledge() {
        long last = sentTo;
        ackBegun = last;
        session.acknowledge(new Acknowledgement(7, last, null), NOW);
    }

    /** Sends the next frame: is the window kept, and has all that a bookmark claims been sent before it? */
    @Operation(nonParallelGroup = "stream")
    public boolean sendsAsPromised() {
        Frame frame = session.next(0);
        if (frame == null) {
            return true;
        }
        long upTo = frame.id().version();
        boolean kept = true;
        if (frame.event() instanceof InvalidationEvent change) {
            sentA = change.tables().contains("public.a") ? upTo : sentA;
            sentB = change.tables().contains("public.b") ? upTo : sentB;
        } else if (frame.event() instanceof Bookmark) {
            // A table that has changed again since is sent again: then nothing was claimed of it.
            kept = sent(a, sentA, upTo) && sent(b, sentB, upTo);
        }
        unacknowledged.addLast(upTo);
        long acknowledged = ackBegun;
        unacknowledged.removeIf(sent -> sent <= acknowledged);
        sentTo = upTo;
        return kept && unacknowledged.size() <= WINDOW;
    }

    private static boolean sent(long changed, long sent, long upTo) {
        return changed > upTo || changed == sent;
    }

    @Validate
    public void arrivesInTheEnd() {
        for (int i = 0; i < 2 * WINDOW + 4; i++) {
            acknowledge();
            if (!sendsAsPromised()) {
                throw new AssertionError("not as promised");
            }
        }
        if (!session.confirmed(version)) {
            throw new AssertionError("the last bookmark is not confirmed");
        }
    }

    @Test
    void everyInterleaving() {
        Interleavings.check(EdgeSessionLincheckTest.class, 2);
    }
}

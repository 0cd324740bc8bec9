package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.home.fuzz.Fuzz;
import dev.perigee.home.fuzz.Together;
import dev.perigee.model.Acknowledgement;
import dev.perigee.model.Bookmark;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Goodbye;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A session whose stream, acknowledgements, log and operator are as many threads. */
class AckWindowRaceTest {

    private static final int WINDOW = 4;
    private static final long START = 100;
    private static final long END = START + 10_000;
    private static final int TABLES = 3;

    private final EdgeTally tally = new EdgeTally(new EdgeMetrics(new SimpleMeterRegistry()));
    private final AtomicLong sentTo = new AtomicLong();
    private final AtomicLong ackBegun = new AtomicLong();
    private final AtomicBoolean done = new AtomicBoolean();

    @Test
    void neverMoreThanTheWindowAndNoBookmarkLost() throws Exception {
        try (Together threads = new Together()) {
            Fuzz.trials(4, random -> {
                FakeSource source = FakeSource.begun(START);
                EdgeSession session = new EdgeSession(
                        new EdgeRegistration("edge-1", "here", "http://edge-1:8081"),
                        7,
                        new StreamPosition(FakeSource.EPOCH, START),
                        source,
                        new SessionSettings("home-1", Duration.ofSeconds(1), WINDOW, Duration.ofSeconds(10)),
                        tally,
                        () -> {},
                        moment(0));
                sentTo.set(START);
                ackBegun.set(START);
                done.set(false);
                Random acks = new Random(random.nextLong());
                threads.run(
                        () -> {
                            for (long version = START + 1; version <= END; version++) {
                                source.commit(version, table(version));
                            }
                        },
                        () -> acknowledge(session, acks),
                        () -> {
                            try {
                                send(session);
                            } finally {
                                done.set(true);
                            }
                        });
                assertThat(session.confirmed(END))
                        .as("the last bookmark was acknowledged")
                        .isTrue();
            });
        }
    }

    private void acknowledge(EdgeSession session, Random random) {
        while (!done.get()) {
            long version = sentTo.get() - random.nextInt(2);
            // Also again what was acknowledged before.
            if (version >= START && random.nextInt(3) > 0) {
                ackBegun.accumulateAndGet(version, Math::max);
                session.acknowledge(new Acknowledgement(7, version, null), moment(0));
            } else {
                LockSupport.parkNanos(1);
            }
        }
        long last = sentTo.get();
        session.acknowledge(new Acknowledgement(7, last, null), moment(0));
    }

    private void send(EdgeSession session) {
        Deque<Long> unacknowledged = new ArrayDeque<>();
        long[] seen = new long[TABLES];
        long complete = 0;
        while (complete < END) {
            Frame frame = session.next(0);
            if (frame == null || frame.id() == null) {
                LockSupport.parkNanos(1);
                continue;
            }
            long version = frame.id().version();
            unacknowledged.addLast(version);
            if (frame.event() instanceof InvalidationEvent event) {
                event.tables().forEach(table -> seen[table.charAt(table.length() - 1) - '0'] = version);
            } else if (frame.event() instanceof Bookmark bookmark) {
                complete = bookmark.upToVersion();
                for (int table = 0; table < TABLES; table++) {
                    assertThat(seen[table])
                            .as("changes of %d sent before the bookmark at %d", table, complete)
                            .isGreaterThanOrEqualTo(lastChange(table, complete));
                }
            }
            // An acknowledgement that has begun may not have arrived: then fewer are free than we grant it.
            long acked = ackBegun.get();
            unacknowledged.removeIf(sent -> sent <= acked);
            assertThat(unacknowledged).hasSizeLessThanOrEqualTo(WINDOW);
            sentTo.set(version);
        }
    }

    /** Nobody knows who closes first: one goodbye comes, with the first reason given, and nothing after it. */
    @Test
    void oneGoodbyeAndNothingAfterIt() throws Exception {
        try (Together threads = new Together()) {
            Fuzz.trials(500, random -> {
                FakeSource source = FakeSource.begun(START);
                AtomicLong woken = new AtomicLong();
                EdgeSession session = new EdgeSession(
                        new EdgeRegistration("edge-1", "here", "http://edge-1:8081"),
                        7,
                        null,
                        source,
                        new SessionSettings("home-1", Duration.ofSeconds(1), WINDOW, Duration.ofSeconds(10)),
                        tally,
                        woken::incrementAndGet,
                        moment(0));
                AtomicLong goodbyes = new AtomicLong();
                Together.Part reader = () -> {
                    for (int i = 0; i < 20; i++) {
                        Frame frame = session.next(0);
                        if (frame != null && frame.event() instanceof Goodbye) {
                            goodbyes.incrementAndGet();
                        }
                    }
                };
                threads.run(
                        reader,
                        reader,
                        () -> session.close(Goodbye.Reason.DRAIN),
                        () -> session.close(Goodbye.Reason.EVICTED));
                reader.run();
                assertThat(goodbyes).hasValue(1);
                assertThat(woken).hasValue(1);
                assertThat(session.next(0)).isNull();
            });
        }
    }

    private static Moment moment(long nanos) {
        return new Moment(nanos, Instant.EPOCH);
    }

    private static String table(long version) {
        return "public.t" + version * 7 / 3 % TABLES;
    }

    private static long lastChange(int table, long upTo) {
        long version = upTo;
        while (version > START && !table(version).endsWith(String.valueOf(table))) {
            version--;
        }
        return version == START ? 0 : version;
    }
}

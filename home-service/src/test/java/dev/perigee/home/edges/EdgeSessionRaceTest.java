package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Goodbye;
import dev.perigee.testing.Fuzz;
import dev.perigee.testing.Together;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EdgeSessionRaceTest {

    private final EdgeTally tally = new EdgeTally(new EdgeMetrics(new SimpleMeterRegistry()));

    /** Nobody knows who closes first: one goodbye comes, with the first reason given, and nothing after it. */
    @Test
    void oneGoodbyeAndNothingAfterIt() throws Exception {
        try (Together threads = new Together()) {
            Fuzz.trials(500, random -> {
                AtomicLong woken = new AtomicLong();
                EdgeSession session = new EdgeSession(
                        new EdgeRegistration("edge-1", "here", "http://edge-1:8081"),
                        7,
                        null,
                        FakeSource.begun(100),
                        new SessionSettings("home-1", Duration.ofSeconds(1), 4, Duration.ofSeconds(10)),
                        tally,
                        woken::incrementAndGet,
                        new Moment(0, Instant.EPOCH));
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
}

package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.Bookmark;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class EdgeSessionRaceTest {

    private static final long COMMITS = 300_000;

    /** There is a record at every version, so a bookmark may only be at the version of the last one sent. */
    @Test
    void aBookmarkNeverCoversARecordThatWasNotSent() throws Exception {
        FakeSource source = FakeSource.begun(100);
        Moment start = new Moment(0, Instant.EPOCH);
        EdgeSession session = new EdgeSession(
                new EdgeRegistration("edge-1", "here", "http://edge-1:8081"),
                7,
                new StreamPosition(FakeSource.EPOCH, 100),
                source,
                new SessionSettings("home-1", Duration.ofSeconds(1), 64, Duration.ofSeconds(10)),
                new EdgeTally(new EdgeMetrics(new SimpleMeterRegistry())),
                () -> {},
                start);
        Thread writer = new Thread(() -> {
            for (long version = 101; version <= 100 + COMMITS; version++) {
                source.commit(version, "public.t" + version % 8);
            }
        });
        writer.start();
        long sent = 100;
        while (sent < 100 + COMMITS) {
            Frame frame = session.next(0);
            if (frame == null || frame.id() == null) {
                continue;
            }
            if (frame.event() instanceof Bookmark bookmark) {
                assertThat(bookmark.upToVersion()).isEqualTo(sent);
            } else {
                assertThat(frame.event()).isInstanceOf(InvalidationEvent.class);
                sent = frame.id().version();
            }
            session.acknowledge(new Acknowledgement(7, frame.id().version(), null), start);
        }
        writer.join();
    }
}

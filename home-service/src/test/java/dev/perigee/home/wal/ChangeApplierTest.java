package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.home.log.InvalidationLog;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ChangeApplierTest {

    private final InvalidationLog log = new InvalidationLog();
    private final VisibilityGate gate = new VisibilityGate();

    /** The pool has no part in these tests. */
    private final ChangeApplier applier = new ChangeApplier(
            log,
            gate,
            new HeartbeatLedger(() -> 0, Clock.systemUTC()),
            new ManualInvalidations(null, Duration.ofSeconds(1)),
            new ControlChannel(),
            () -> {},
            new FeedMetrics(new SimpleMeterRegistry()),
            new HomeId("test"),
            Clock.systemUTC());

    private void begin(long consistentPoint) {
        applier.begin(new Epoch("1.1.1", 140000), consistentPoint, Snapshot.parse("10:10:"));
    }

    /** A commit record may begin exactly at the consistent point, and a result read before it must not outlive it. */
    @Test
    void opensTheGateBelowACommitAtTheConsistentPoint() {
        begin(1000);
        long stamp = gate.read().version() + 1;
        commit(1000, 1050);

        assertThat(log.current().after(999).event().upToVersion()).isGreaterThanOrEqualTo(stamp);
    }

    @Test
    void theLogKnowsACommitBeforeTheGateMayLetItPass() {
        begin(1000);
        List<Map<Long, Integer>> waiting = new ArrayList<>();
        List<Long> visible = new ArrayList<>();
        log.onChange(() -> {
            waiting.add(gate.waiting());
            visible.add(gate.read().version());
        });
        commit(1100, 1150);

        assertThat(waiting).containsExactly(Map.of());
        assertThat(visible).containsExactly(999L);
        assertThat(gate.waiting()).containsOnlyKeys(1100L);
    }

    private void commit(long commitLsn, long endLsn) {
        applier.committed(
                new FeedItem.CommittedChange(
                        11,
                        commitLsn,
                        endLsn,
                        Instant.EPOCH,
                        Set.of(),
                        Map.of(),
                        Set.of(),
                        false,
                        false,
                        List.of(),
                        List.of()),
                false,
                List.of("public.a"));
    }
}

package dev.perigee.edge.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AckPaceTest {

    private static final long HEARTBEAT = millis(1000);

    private static long millis(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }

    /** Has acknowledged at 0, and was answered. */
    private static AckPace pace(long generation, @Nullable Integer spreadMs) {
        AckPace pace = new AckPace(256, HEARTBEAT, generation, 0);
        pace.sent(0);
        pace.answered(spreadMs);
        return pace;
    }

    /** How long after a heartbeat it is acknowledged. */
    private static long waits(long generation, @Nullable Integer spreadMs) {
        AckPace pace = pace(generation, spreadMs);
        pace.applied(millis(300), true);
        assertThat(pace.due(pace.deadline() - 1)).isFalse();
        assertThat(pace.due(pace.deadline())).isTrue();
        return pace.deadline() - millis(300);
    }

    @Test
    void aHeartbeatIsAcknowledgedAtOnceUnlessHomeSaysOtherwise() {
        assertThat(waits(1_764_238_531_000L, null)).isZero();
        assertThat(waits(1_764_238_531_000L, 0)).isZero();
        assertThat(waits(1_764_238_531_000L, -5)).isZero();
    }

    @Test
    void manyEdgesAreSpreadEvenly() {
        // Generations are microseconds; these have registered one millisecond after the other.
        int[] inEachTenth = new int[10];
        for (int edge = 0; edge < 1000; edge++) {
            long waits = waits(1_764_238_531_000L + 1000L * edge, 100);
            assertThat(waits).isBetween(0L, millis(100) - 1);
            inEachTenth[(int) (waits / millis(10))]++;
        }
        assertThat(Arrays.stream(inEachTenth)).allMatch(edges -> edges > 90 && edges < 110);
    }

    @Test
    void noLongerThanHalfAHeartbeat() {
        long longest = 0;
        for (int edge = 0; edge < 1000; edge++) {
            longest = Math.max(longest, waits(edge, Integer.MAX_VALUE));
        }
        assertThat(longest).isBetween(HEARTBEAT * 49 / 100, HEARTBEAT / 2);
    }

    @Test
    void theMoreEdgesTheMoreRarelyASteadyFlowIsAcknowledged() {
        AckPace few = pace(1, null);
        few.applied(millis(10), false);
        assertThat(few.deadline()).isEqualTo(millis(500));
        AckPace many = pace(1, 500);
        many.applied(millis(10), false);
        many.sent(millis(1100));
        many.answered(500);
        many.applied(millis(1110), false);
        assertThat(many.deadline()).as("later than the next heartbeat").isEqualTo(millis(2225));
    }

    @Test
    void halfTheWindowDoesNotWait() {
        AckPace pace = pace(1, 500);
        for (int frame = 0; frame < 127; frame++) {
            pace.applied(millis(1), false);
            assertThat(pace.due(millis(1))).isFalse();
        }
        pace.applied(millis(1), false);
        assertThat(pace.due(millis(1))).isTrue();
    }
}

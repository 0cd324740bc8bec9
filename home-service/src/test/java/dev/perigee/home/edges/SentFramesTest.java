package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.testing.Fuzz;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SentFramesTest {

    private record Sent(
            long version, boolean complete, @Nullable Long appendedAt) {}

    /** Grows wherever its first element happens to be. */
    @Test
    void isAQueue() {
        Fuzz.trials(200, random -> {
            SentFrames frames = new SentFrames();
            Deque<Sent> expected = new ArrayDeque<>();
            for (long version = 1; version < 300; version++) {
                Sent sent = new Sent(version, random.nextBoolean(), random.nextBoolean() ? version * 7 : null);
                frames.add(sent.version, sent.complete, sent.appendedAt);
                expected.addLast(sent);
                for (int taken = random.nextInt(4); taken > 1 && !expected.isEmpty(); taken--) {
                    Sent first = expected.removeFirst();
                    assertThat(frames.version()).isEqualTo(first.version);
                    assertThat(frames.isComplete()).isEqualTo(first.complete);
                    assertThat(frames.isTimed()).isEqualTo(!first.complete && first.appendedAt != null);
                    if (frames.isTimed()) {
                        assertThat(frames.appendedAt()).isEqualTo(first.appendedAt);
                    }
                    frames.removeFirst();
                    assertThat(frames.contains(first.version)).isFalse();
                }
                assertThat(frames.size()).isEqualTo(expected.size());
                assertThat(frames.invalidations(version)).isEqualTo((int)
                        expected.stream().filter(each -> !each.complete).count());
            }
        });
    }
}

package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Set;
import org.junit.jupiter.api.Test;

class SnapshotTest {

    @Test
    void readsWhatPostgresPrints() {
        assertThat(Snapshot.parse("10:20:")).isEqualTo(new Snapshot(10, 20, Set.of()));
        assertThat(Snapshot.parse("10:20:10,14,15")).isEqualTo(new Snapshot(10, 20, Set.of(10L, 14L, 15L)));
        for (String garbage : new String[] {"", "1", "1:2", "1:2:3:4", "a:2:", "1:2:,", "1:2:3,"}) {
            assertThatIllegalArgumentException().as(garbage).isThrownBy(() -> Snapshot.parse(garbage));
        }
    }

    @Test
    void seesWhatHasEnded() {
        Snapshot snapshot = Snapshot.parse("10:20:10,14");
        assertThat(snapshot.sees(9)).isTrue();
        assertThat(snapshot.sees(10)).isFalse();
        assertThat(snapshot.sees(13)).isTrue();
        assertThat(snapshot.sees(14)).isFalse();
        assertThat(snapshot.sees(20)).isFalse();
    }

    @Test
    void completesIdsAcrossTheWrapAround() {
        long wrap = 1L << 32;
        Snapshot after = new Snapshot(5 * wrap + 3, 5 * wrap + 10, Set.of());
        assertThat(after.fullXid(4)).isEqualTo(5 * wrap + 4);
        assertThat(after.fullXid(-5)).isEqualTo(5 * wrap - 5);
        Snapshot before = new Snapshot(5 * wrap - 10, 5 * wrap - 5, Set.of());
        assertThat(before.fullXid(4)).isEqualTo(5 * wrap + 4);
        assertThat(before.fullXid(-7)).isEqualTo(5 * wrap - 7);
    }
}

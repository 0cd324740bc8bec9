package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VisibilityGateTest {

    private final VisibilityGate gate = new VisibilityGate();

    private static Snapshot snapshot(String text) {
        return Snapshot.parse(text);
    }

    private long visible() {
        return gate.read().version();
    }

    @Test
    void isClosedUntilTheFeedIsConnectedAndAfterItIsGone() {
        assertThat(gate.read()).isNull();
        gate.open("1.1.1", 1000, snapshot("10:10:"));
        assertThat(gate.read().toString()).isEqualTo("1.1.1:1000");
        gate.close();
        assertThat(gate.read()).isNull();
    }

    @Test
    void staysBelowTheLowestCommitThatIsNotVisible() {
        gate.open("1.1.1", 1000, snapshot("10:10:"));
        gate.committed(1100, 1150, 11);
        gate.committed(1200, 1250, 10);
        assertThat(visible()).isEqualTo(1099);
        gate.prove(snapshot("11:12:11"));
        assertThat(visible()).isEqualTo(1099);
        assertThat(gate.pending()).isEqualTo(1);
        gate.advance(1300);
        assertThat(visible()).isEqualTo(1099);
        gate.prove(snapshot("12:12:"));
        assertThat(visible()).isEqualTo(1300);
    }

    @Test
    void isClosedWhileACommitBelowTheConsistentPointMayBeHidden() {
        gate.open("1.1.1", 1000, snapshot("7:12:7,9"));
        assertThat(gate.read()).isNull();
        gate.prove(snapshot("9:12:9"));
        assertThat(gate.read()).isNull();
        gate.committed(1100, 1150, 9);
        assertThat(visible()).isEqualTo(1099);
        gate.prove(snapshot("12:12:"));
        assertThat(visible()).isEqualTo(1149);
    }

    @Test
    void provesTransactionsOnBothSidesOfTheWrapAround() {
        long wrap = 1L << 32;
        gate.open("1.1.1", 1000, snapshot(wrap - 2 + ":" + (wrap - 2) + ":"));
        gate.committed(1100, 1150, -2);
        gate.committed(1200, 1250, 3);
        gate.prove(snapshot((wrap - 1) + ":" + (wrap + 3) + ":" + (wrap - 1)));
        assertThat(visible()).isEqualTo(1199);
        gate.prove(snapshot((wrap + 4) + ":" + (wrap + 4) + ":"));
        assertThat(visible()).isEqualTo(1249);
    }
}

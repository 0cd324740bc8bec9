package dev.perigee.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FaultTest {

    @Test
    void theSameSeedPlansTheSame() {
        List<Fault.Kind> kinds = Fault.kindsFor(600);

        assertThat(Fault.plan(1, 600, kinds)).isEqualTo(Fault.plan(1, 600, kinds));
        assertThat(Fault.plan(1, 600, kinds)).isNotEqualTo(Fault.plan(2, 600, kinds));
    }

    @Test
    void everyKindHasItsTurn() {
        List<Fault.Kind> all = List.of(Fault.Kind.values());

        assertThat(Fault.kindsFor(600)).isEqualTo(all);
        assertThat(Fault.plan(1, 600, all).subList(0, all.size()))
                .extracting(Fault::kind)
                .containsExactlyInAnyOrderElementsOf(all);
    }

    @Test
    void aShortRunLeavesOutWhatTakesLong() {
        assertThat(Fault.kindsFor(60)).isNotEmpty().allMatch(kind -> kind.seconds() <= 15);
    }

    @Test
    void kindsHaveNamesForTheCommandLine() {
        assertThat(Stream.of(Fault.Kind.values()).map(kind -> kind.title().replace(' ', '-')))
                .contains("slot-lost")
                .allSatisfy(name -> assertThat(Fault.Kind.of(name)).isNotNull());
    }
}

package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

class AbandonedSlotsTest {

    private final AtomicLong clock = new AtomicLong();
    private final List<String> dropped = new ArrayList<>();
    private AbandonedSlots slots = slots(false);

    private AbandonedSlots slots(boolean drop) {
        return new AbandonedSlots(new SlotProperties(true, Duration.ZERO, Duration.ofMinutes(10), drop), clock::get);
    }

    private List<String> look(SlotRow... rows) {
        slots.look(List.of(rows), "perigee_own", name -> Mono.fromRunnable(() -> dropped.add(name)))
                .block();
        return slots.names();
    }

    private static SlotRow row(String name, boolean active, Duration inactive) {
        return new SlotRow(name, true, false, active, null, "reserved", 1L, 0L, null, false, null, inactive);
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void theServerKnowsSinceWhen() {
        assertThat(look(
                        row("perigee_b", false, Duration.ofMinutes(11)),
                        row("perigee_a", false, Duration.ofMinutes(12)),
                        row("perigee_c", false, Duration.ofMinutes(9)),
                        row("perigee_own", false, Duration.ofMinutes(20))))
                .containsExactly("perigee_a", "perigee_b");
        assertThat(dropped).isEmpty();
    }

    @Test
    void anOlderServerDoesNotSoItCountsFromWhenItWasFirstSeen() {
        assertThat(look(row("perigee_a", false, null))).isEmpty();
        pass(Duration.ofMinutes(6));
        assertThat(look(row("perigee_a", true, null))).isEmpty();
        pass(Duration.ofMinutes(6));
        assertThat(look(row("perigee_a", false, null))).isEmpty();
        pass(Duration.ofMinutes(11));
        assertThat(look(row("perigee_a", false, null))).containsExactly("perigee_a");
        assertThat(look()).isEmpty();
    }

    @Test
    void dropsThemIfThatIsWanted() {
        slots = slots(true);
        look(row("perigee_a", false, Duration.ofMinutes(11)), row("perigee_b", true, null));

        assertThat(dropped).containsExactly("perigee_a");
    }
}

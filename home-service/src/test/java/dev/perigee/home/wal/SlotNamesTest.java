package dev.perigee.home.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SlotNamesTest {

    @Test
    void anIdThatFitsIsTakenAsItIs() {
        assertThat(SlotNames.durable(new HomeId("home_1"))).isEqualTo("perigee_home_1");
    }

    @Test
    void noTwoHomesShareASlot() {
        List<String> ids = List.of(
                "home-1", "home.1", "home_1", "Home_1", "HOME-1", "h".repeat(64), "h".repeat(63), "h".repeat(32) + "x");
        Set<String> names = new HashSet<>();
        for (String id : ids) {
            String name = SlotNames.durable(new HomeId(id));
            assertThat(name).isEqualTo(SlotNames.durable(new HomeId(id))).matches("perigee_[a-z0-9_]{1,55}");
            names.add(name);
        }
        assertThat(names).hasSameSizeAs(ids);
    }

    @Test
    void aTemporaryNameIsGivenOnce() {
        HomeId home = new HomeId("A".repeat(64));

        assertThat(SlotNames.temporary(home))
                .matches("perigee_[a-z0-9_]{1,55}")
                .isNotEqualTo(SlotNames.temporary(home));
    }
}

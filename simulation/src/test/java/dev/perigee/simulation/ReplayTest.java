package dev.perigee.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A seed that fails is worth something only if it fails again in the same way. */
class ReplayTest {

    private static final int SEEDS = 50;

    @Test
    void theSameSeedTellsTheSameStory() {
        for (long seed = 0; seed < SEEDS; seed++) {
            assertThat(story(seed)).as("seed %d", seed).isEqualTo(story(seed)).contains("The faults stop.");
        }
    }

    @Test
    void anotherSeedTellsAnother() {
        assertThat(story(1)).isNotEqualTo(story(2));
    }

    private static String story(long seed) {
        return Simulation.trace(seed, Schedule.of(seed), Integer.MAX_VALUE);
    }
}

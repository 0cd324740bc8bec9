package dev.perigee.simulation.mutation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulator bites: with any of these bugs in the core it fails, and without them it does not. */
@Execution(ExecutionMode.CONCURRENT)
class MutationTest {

    private static final int SEEDS = 10_000;
    private static final int CONTROL = 200;
    private static final Mutant SAME = Mutant.none();

    static List<Mutation> mutations() {
        return Mutations.ALL;
    }

    @ParameterizedTest
    @MethodSource("mutations")
    void isCaught(Mutation mutation) {
        Mutant mutant = Mutant.of(mutation);
        long seed = 0;
        String failure = null;
        while (failure == null && seed < SEEDS) {
            failure = mutant.run(++seed);
        }
        assertThat(failure).as("seeds 1 to %d with: %s", seed, mutation).isNotNull();
        assertThat(SAME.run(seed)).as("the same seed without the bug").isNull();
        System.out.printf(
                "caught by seed %d: %s: %s%n",
                seed, mutation, failure.lines().findFirst().orElse(""));
    }

    /** Else a harness that breaks everything would pass. */
    @Test
    void withoutABugNothingIsCaught() {
        for (long seed = 1; seed <= CONTROL; seed++) {
            assertThat(SAME.run(seed)).isNull();
        }
    }

    @Test
    void thereAreEnough() {
        assertThat(Mutations.ALL).hasSizeGreaterThanOrEqualTo(40);
        assertThat(Mutations.ALL.stream().map(Mutation::name)).doesNotHaveDuplicates();
    }
}

package dev.perigee.simulation.mutation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The simulator bites: with any of these bugs in the core it fails, and without them it does not. Which of the ten thousand
 * seeds catches a bug first is written down in {@code mutation/caught-by.txt}, so that it need not be searched for each time.
 */
@Execution(ExecutionMode.CONCURRENT)
class MutationTest {

    private static final int SEEDS = 10_000;
    private static final int CONTROL = 200;
    private static final String WRITTEN_DOWN = "/mutation/caught-by.txt";
    private static final Mutant SAME = Mutant.none();

    private static Map<String, Long> caughtBy;

    static List<Mutation> mutations() {
        return Mutations.ALL;
    }

    @BeforeAll
    static void read() throws IOException {
        try (InputStream seeds = MutationTest.class.getResourceAsStream(WRITTEN_DOWN)) {
            caughtBy = new String(seeds.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" ", 2))
                    .collect(Collectors.toMap(line -> line[1], line -> Long.parseLong(line[0])));
        }
    }

    @ParameterizedTest
    @MethodSource("mutations")
    void isCaught(Mutation mutation) {
        assertThat(caughtBy).as("the test search() says which seed").containsKey(mutation.name());
        long seed = caughtBy.get(mutation.name());
        assertThat(seed).isBetween(1L, (long) SEEDS);
        assertThat(Mutant.of(mutation).run(seed))
                .as("seed %d with: %s; the test search() says which seed does", seed, mutation)
                .isNotNull();
        assertThat(SAME.run(seed)).as("the same seed without the bug").isNull();
    }

    /** All seeds from the first on, for what is to be written down. */
    @ParameterizedTest
    @MethodSource("mutations")
    @Tag("search")
    void search(Mutation mutation) {
        Mutant mutant = Mutant.of(mutation);
        long seed = 0;
        String failure = null;
        while (failure == null && seed < SEEDS) {
            failure = mutant.run(++seed);
        }
        assertThat(failure).as("seeds 1 to %d with: %s", seed, mutation).isNotNull();
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
        assertThat(caughtBy).hasSameSizeAs(Mutations.ALL);
    }
}

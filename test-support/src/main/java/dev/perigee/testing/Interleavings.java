package dev.perigee.testing;

import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * Goes through the interleavings of a class's operations one by one. It sees every order of steps, but not what a
 * processor makes of a field that should have been volatile: for that there are real threads, {@link Together}.
 *
 * <p>An operation that says whether what must hold does hold makes a claim that no order may break: where it answers
 * false, no sequence of operations explains it.
 */
public final class Interleavings {

    private static final int SCENARIOS = 15;
    private static final int INTERLEAVINGS = 40;

    private Interleavings() {}

    /** Random scenarios, the same at each run: one operation, then two threads with so many each. */
    public static void check(Class<?> operations, int each) {
        check(operations, operations, each);
    }

    /**
     * As the other.
     *
     * @param specification what the operations come to, one after the other: a class with the same methods
     */
    public static void check(Class<?> operations, Class<?> specification, int each) {
        new ModelCheckingOptions()
                .threads(2)
                .actorsBefore(1)
                .actorsPerThread(each)
                .actorsAfter(0)
                .iterations(Fuzz.times(SCENARIOS))
                .invocationsPerIteration(INTERLEAVINGS)
                .sequentialSpecification(specification)
                // Others' code: that it is thread-safe is not ours to test.
                .addGuarantee(forClasses(name -> name.startsWith("com.github.benmanes.caffeine."))
                        .allMethods()
                        .treatAsAtomic())
                // Values, which Lincheck cannot always look into, and what is only counted.
                .addGuarantee(forClasses(name -> name.startsWith("dev.perigee.model.")
                                || name.startsWith("io.micrometer.")
                                || name.endsWith("Metrics"))
                        .allMethods()
                        .ignore())
                .check(operations);
    }
}

package dev.perigee.simulation.mutation;

import java.util.List;
import java.util.stream.Stream;

/** The deliberate bugs, each of them a mistake that somebody could make with a straight face. */
final class Mutations {

    static final List<Mutation> ALL = Stream.of(
                    HomeMutations.OF_THE_GATE_AND_THE_LOG,
                    HomeMutations.OF_THE_SESSION,
                    EdgeMutations.OF_THE_LINK,
                    EdgeMutations.OF_THE_CACHE)
            .flatMap(List::stream)
            .toList();

    private Mutations() {}
}

package dev.perigee.e2e.chaos;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** For a test of the run as a whole: makes an answer false, now and then, in the way of one rule. */
final class Falsifier {

    /** The system property with the name of a {@link Checker.Rule}. Not for users. */
    static final String PROPERTY = "perigee.chaos.falsify";

    private static final int ONE_IN = 500;

    private final Checker.@Nullable Rule rule;
    private final AtomicLong answers = new AtomicLong();

    Falsifier(Checker.@Nullable Rule rule) {
        this.rule = rule;
    }

    static Falsifier fromSystemProperty() {
        String name = System.getProperty(PROPERTY);
        return new Falsifier(name == null ? null : Checker.Rule.valueOf(name));
    }

    Observation falsify(Observation seen) {
        if (rule == null || seen.values().isEmpty() || answers.incrementAndGet() % ONE_IN != 0) {
            return seen;
        }
        long value = seen.values().get(0);
        return switch (rule) {
            case MALFORMED -> with(seen, List.of());
            case TORN -> with(seen, seen.values().size() < 2 ? seen.values() : List.of(value, value - 1));
            case ROLLED_BACK ->
                with(seen, seen.values().stream().map(any -> -1L).toList());
            case UNWRITTEN ->
                with(seen, seen.values().stream().map(it -> it + 1_000_000).toList());
            case STALE, BEHIND_ITS_VERSION, BEHIND_THE_TOKEN, UNDONE ->
                with(seen, seen.values().stream().map(any -> 0L).toList());
            case FROM_THE_FUTURE ->
                new Observation(
                        seen.where(),
                        seen.register(),
                        seen.begun(),
                        seen.ended(),
                        seen.hit(),
                        seen.values(),
                        seen.position(),
                        seen.ended() + 1_000_000_000L,
                        seen.wanted(),
                        seen.text());
        };
    }

    private static Observation with(Observation seen, List<Long> values) {
        return new Observation(
                seen.where(),
                seen.register(),
                seen.begun(),
                seen.ended(),
                seen.hit(),
                values,
                seen.position(),
                seen.claimed(),
                seen.wanted(),
                seen.text());
    }
}

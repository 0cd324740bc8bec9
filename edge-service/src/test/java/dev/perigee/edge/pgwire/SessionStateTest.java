package dev.perigee.edge.pgwire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.testing.Fuzz;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SessionStateTest {

    private final SessionState state = new SessionState();

    private static Probe.Answer answer(String identity, long position) {
        return new Probe.Answer(
                new SessionContext(identity, ReadsFixture.CATALOG, ReadsFixture.EPOCH, ReadsFixture.at(1), true, null),
                position,
                null,
                Set.of());
    }

    private Probe probe() {
        return new Probe(
                "0123456789abcdef0123456789abcdef",
                ReadsFixture.at(1),
                state.sequence(),
                new Probe.Question(1, null, false, false, Set.of()));
    }

    private void known(String identity) {
        state.known(probe(), answer(identity, 0));
    }

    @Test
    void nothingIsKnownAtFirst() {
        assertThat(state.context()).isNull();
        assertThat(state.presumed()).isNull();
        assertThat(state.wantsProbe()).isTrue();
    }

    @Test
    void whatIsTouchedBeforeAProbeIsMadeUpFor() {
        state.touched(state.next());
        known("a");
        assertThat(state.context()).isNotNull();
        assertThat(state.wantsProbe()).isFalse();
        long read = state.next();
        state.touched(state.next());
        assertThat(state.contextAt(read)).isNotNull();
        assertThat(state.context()).isNull();
        assertThat(state.wantsProbe()).isTrue();
    }

    @Test
    void whatIsTouchedWhileAProbeIsOnItsWayIsNot() {
        state.touched(state.next());
        Probe probe = probe();
        state.touched(state.next());
        state.known(probe, answer("a", 0));
        assertThat(state.context()).isNull();
        assertThat(state.wantsProbe()).isTrue();
    }

    @Test
    void whatHomeIsAskedAboutIsInDoubtUntilItAnswers() {
        known("a");
        long asked = state.next();
        state.ask(asked);
        assertThat(state.context()).isNull();
        assertThat(state.presumed()).isNotNull();
        assertThat(state.wantsProbe()).as("it would not help home").isFalse();
        state.judged(asked, true);
        assertThat(state.context()).isNotNull();
        state.judged(asked, false);
        assertThat(state.context()).as("it was answered once").isNotNull();
        long bad = state.next();
        state.ask(bad);
        state.judged(bad, false);
        assertThat(state.context()).isNull();
        assertThat(state.presumed()).isNull();
    }

    @Test
    void aProbeMakesUpForWhatHomeIsStillAskedAbout() {
        known("a");
        long asked = state.next();
        state.ask(asked);
        known("b");
        assertThat(state.context()).isNotNull();
        state.judged(asked, false);
        assertThat(state.context()).isNotNull();
    }

    @Test
    void ofMoreThanSixteenTheOthersAreInDoubtForGood() {
        known("a");
        for (int i = 0; i < 17; i++) {
            state.ask(state.next());
        }
        for (long number = 1; number <= 17; number++) {
            state.judged(number, true);
        }
        assertThat(state.context()).isNull();
        assertThat(state.wantsProbe()).isTrue();
    }

    @Test
    void thePositionOnlyRises() {
        state.touched(state.next());
        state.known(probe(), answer("a", 10));
        state.touched(state.next());
        state.known(probe(), answer("a", 5));
        assertThat(state.position()).isEqualTo(10);
    }

    @Test
    void whoHasWrittenNothingWaitsForNothing() {
        state.known(probe(), answer("a", 10));
        assertThat(state.position()).isZero();
        Probe before = probe();
        state.touched(state.next());
        state.known(before, answer("a", 20));
        assertThat(state.position()).isZero();
        state.known(probe(), answer("a", 30));
        assertThat(state.position()).isEqualTo(30);
    }

    @Test
    void whatHomeIsStillAskedAboutMayHaveWritten() {
        known("a");
        long asked = state.next();
        state.ask(asked);
        state.known(probe(), answer("a", 10));
        assertThat(state.position()).isEqualTo(10);
    }

    @Test
    void afterThreeFailuresNoMoreProbesAreSent() {
        for (int i = 0; i < 3; i++) {
            assertThat(state.wantsProbe()).isTrue();
            state.failed();
        }
        assertThat(state.wantsProbe()).isFalse();
        known("a");
        state.touched(state.next());
        assertThat(state.wantsProbe())
                .as("one that was on its way was answered")
                .isTrue();
    }

    @Test
    void moreSettingsThanCanBeAskedForAreTooMany() {
        for (int i = 0; i < 33; i++) {
            assertThat(state.wantsProbe()).isTrue();
            state.sets(Set.of("a.b" + i));
        }
        assertThat(state.wantsProbe()).isFalse();
    }

    @Test
    void aContextMayBecomeOutdated() {
        known("a");
        state.outdated();
        assertThat(state.context()).isNull();
        assertThat(state.wantsProbe()).isTrue();
    }

    /** Against a model that remembers everything. */
    @Test
    void neverKnowsMoreThanIsKnown() {
        int[] known = new int[2];
        Fuzz.trials(3_000, random -> {
            SessionState session = new SessionState();
            Set<Long> touched = new TreeSet<>();
            Map<Long, Boolean> asked = new HashMap<>();
            List<Probe> underWay = new ArrayList<>();
            long knownAt = -1;
            long forwarded = 0;
            for (int i = 0; i < 40; i++) {
                switch (random.nextInt(7)) {
                    case 0 -> {
                        long number = session.next();
                        session.touched(number);
                        touched.add(number);
                    }
                    case 1 -> {
                        long number = session.next();
                        session.ask(number);
                        asked.put(number, null);
                    }
                    case 2 -> {
                        for (long number : Set.copyOf(asked.keySet())) {
                            if (asked.get(number) == null && random.nextBoolean()) {
                                boolean harmless = random.nextBoolean();
                                session.judged(number, harmless);
                                asked.put(number, harmless);
                            }
                        }
                    }
                    case 3 ->
                        underWay.add(new Probe(
                                "0123456789abcdef0123456789abcdef",
                                ReadsFixture.at(1),
                                session.sequence(),
                                new Probe.Question(1, null, false, false, Set.of())));
                    case 4, 5 -> {
                        if (!underWay.isEmpty()) {
                            Probe probe = underWay.remove(0);
                            session.known(probe, answer("at " + probe.sentAt(), 0));
                            knownAt = probe.sentAt();
                        }
                    }
                    default -> session.next();
                }
                forwarded = session.sequence();
                for (long number = knownAt + 1; number <= forwarded + 1; number++) {
                    SessionContext context = session.contextAt(number);
                    if (context != null) {
                        known[0]++;
                        assertThat(knownAt).isGreaterThanOrEqualTo(0);
                        assertThat(context.identity()).isEqualTo("at " + knownAt);
                        for (long other = knownAt + 1; other < number; other++) {
                            assertThat(touched).doesNotContain(other);
                            if (asked.containsKey(other)) {
                                assertThat(asked.get(other)).isTrue();
                            }
                        }
                    } else {
                        known[1]++;
                    }
                }
            }
        });
        assertThat(known[0]).isPositive();
        assertThat(known[1]).isPositive();
    }
}

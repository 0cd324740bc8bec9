package dev.perigee.home.edges;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.model.Acknowledgement;
import dev.perigee.model.Bookmark;
import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeCounters;
import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.EdgeStats;
import dev.perigee.model.Eligibility;
import dev.perigee.model.Goodbye;
import dev.perigee.model.Hello;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.Reset;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.ProblemException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EdgeSessionTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final FakeSource source = FakeSource.begun(100);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final EdgeTally tally = new EdgeTally(new EdgeMetrics(meters));
    private final AtomicInteger woken = new AtomicInteger();
    private long now;

    private EdgeSession session(String resumeFrom, int window, String... tables) {
        return new EdgeSession(
                new EdgeRegistration(
                        "edge-1", "here", "http://edge-1:8081", tables.length == 0 ? null : List.of(tables)),
                7,
                resumeFrom == null ? null : StreamPosition.parse(resumeFrom),
                source,
                new SessionSettings("home-1", Duration.ofSeconds(1), window, Duration.ofSeconds(10)),
                tally,
                woken::incrementAndGet,
                moment());
    }

    private Moment moment() {
        return new Moment(now, Instant.EPOCH.plusNanos(now));
    }

    private EdgeSession resumed(int window) {
        EdgeSession session = session(FakeSource.EPOCH + ":100", window);
        assertThat(drain(session)).containsExactly("hello 100", "eligible", "bookmark 100/0");
        session.acknowledge(ack(100), moment());
        return session;
    }

    private static Acknowledgement ack(long version) {
        return new Acknowledgement(7, version, null);
    }

    private List<String> drain(EdgeSession session) {
        List<String> frames = new ArrayList<>();
        for (Frame frame = session.next(now); frame != null; frame = session.next(now)) {
            frames.add(describe(frame));
        }
        return frames;
    }

    private static String describe(Frame frame) {
        if (frame.event() == null) {
            return "comment";
        }
        if (frame.event() instanceof Eligibility eligibility) {
            assertThat(frame.id()).isNull();
            return eligibility.enabled() ? "eligible" : "ineligible";
        }
        if (frame.event() instanceof Hello hello) {
            assertThat(frame.id()).isNull();
            return "hello " + hello.resumedFrom();
        }
        if (frame.event() instanceof Reset reset) {
            assertThat(frame.id().version()).isEqualTo(reset.upToVersion());
            return "reset " + reset.upToVersion() + " " + reset.reason();
        }
        if (frame.event() instanceof InvalidationEvent event) {
            assertThat(frame.id().version()).isEqualTo(event.upToVersion());
            return "invalidate " + event.upToVersion() + event.tables();
        }
        if (frame.event() instanceof Bookmark bookmark) {
            assertThat(frame.id().version()).isEqualTo(bookmark.upToVersion());
            return "bookmark " + bookmark.upToVersion() + "/" + bookmark.visibleVersion();
        }
        return "goodbye " + ((Goodbye) frame.event()).reason();
    }

    /** For whatever reason. */
    private double resets() {
        return meters.get("perigee.home.edges.resets").counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    private double count(String name) {
        return meters.get(name).meter().measure().iterator().next().getValue();
    }

    @Test
    void aNewEdgeIsGreetedAndReset() {
        source.commit(110, "a");
        EdgeSession session = session(null, 64);
        Hello hello = (Hello) session.next(now).event();
        assertThat(hello).isEqualTo(new Hello(7, FakeSource.EPOCH, "home-1", null, 1000, 64));
        assertThat(drain(session)).containsExactly("eligible", "reset 110 NEW", "bookmark 110/0");
    }

    @Test
    void anEdgeResumesAfterItsCursor() {
        source.commit(110, "a");
        source.commit(120, "b");
        source.commit(130, "c");
        assertThat(drain(session(FakeSource.EPOCH + ":110", 64)))
                .containsExactly("hello 110", "eligible", "invalidate 120[b]", "invalidate 130[c]", "bookmark 130/0");
        assertThat(count("perigee.home.edges.resumed")).isEqualTo(1);
    }

    @Test
    void aCursorOutsideOfTheLogIsReset() {
        source.commit(110, "a");
        assertThat(drain(session(FakeSource.EPOCH + ":99", 64))).contains("hello null", "reset 110 COMPACTED");
        assertThat(drain(session("6.1.1:105", 64))).contains("hello null", "reset 110 EPOCH");
        assertThat(drain(session(FakeSource.EPOCH + ":100", 64))).contains("hello 100");
        assertThat(drain(session(FakeSource.EPOCH + ":110", 64))).contains("hello 110");
        assertThat(resets()).isEqualTo(2);
    }

    @Test
    void aBookmarkFollowsWhenHeadOrVisibilityMoved() {
        EdgeSession session = resumed(64);
        assertThat(drain(session)).isEmpty();
        source.log.advance(105);
        assertThat(drain(session)).containsExactly("bookmark 105/0");
        source.visible = new StreamPosition(FakeSource.EPOCH, 104);
        assertThat(drain(session)).containsExactly("bookmark 105/104");
        source.commit(110, "a");
        assertThat(drain(session)).containsExactly("invalidate 110[a]", "bookmark 110/104");
        source.visible = null;
        assertThat(drain(session)).containsExactly("bookmark 110/0");
        source.visible = new StreamPosition("6.1.1", 104);
        assertThat(drain(session)).isEmpty();
    }

    @Test
    void anIdleEdgeHearsABookmarkEveryHeartbeat() {
        EdgeSession session = resumed(64);
        now += SECOND - 1;
        assertThat(drain(session)).isEmpty();
        now += 1;
        assertThat(drain(session)).containsExactly("bookmark 100/0");
        assertThat(drain(session)).isEmpty();
    }

    @Test
    void neverMoreThanTheWindowIsUnacknowledged() {
        EdgeSession session = resumed(3);
        for (int i = 1; i <= 5; i++) {
            source.commit(100 + i, "t" + i);
        }
        assertThat(drain(session)).containsExactly("invalidate 101[t1]", "invalidate 102[t2]", "invalidate 103[t3]");
        now += 5 * SECOND;
        assertThat(drain(session)).isEmpty();
        int before = woken.get();
        session.acknowledge(ack(102), moment());
        assertThat(woken.get()).isGreaterThan(before);
        assertThat(drain(session)).containsExactly("invalidate 104[t4]", "invalidate 105[t5]");
        session.acknowledge(ack(105), moment());
        assertThat(drain(session)).containsExactly("bookmark 105/0");
    }

    @Test
    void pastTheWindowAnEdgeCatchesUpConflated() {
        EdgeSession session = resumed(2);
        source.commit(101, "a");
        source.commit(102, "b");
        assertThat(drain(session)).containsExactly("invalidate 101[a]", "invalidate 102[b]");
        for (int i = 3; i <= 10; i++) {
            source.commit(100 + i, i % 2 == 0 ? "a" : "b");
        }
        session.acknowledge(ack(102), moment());
        assertThat(drain(session)).containsExactly("invalidate 109[b]", "invalidate 110[a]");
        assertThat(count("perigee.home.invalidations.conflated")).isEqualTo(6);
        assertThat(count("perigee.home.invalidations.sent")).isEqualTo(4);
        assertThat(session.view().invalidationsSent()).isEqualTo(4);
    }

    @Test
    void whatHappenedBeforeASessionIsNoConflationOfIts() {
        for (int i = 1; i <= 10; i++) {
            source.commit(100 + i, "a");
        }
        EdgeSession session = session(FakeSource.EPOCH + ":101", 64);
        assertThat(drain(session)).containsExactly("hello 101", "eligible", "invalidate 110[a]", "bookmark 110/0");
        source.commit(111, "a");
        drain(session);
        assertThat(count("perigee.home.invalidations.conflated")).isZero();
        session.acknowledge(ack(111), moment());
        assertThat(meters.get("perigee.home.invalidations.applied.time").timer().count())
                .isEqualTo(1);
    }

    @Test
    void newsOfVisibilityAloneLeavesHalfTheWindowFree() {
        EdgeSession session = resumed(4);
        for (int i = 1; i <= 10; i++) {
            source.visible = new StreamPosition(FakeSource.EPOCH, i);
            drain(session);
        }
        source.commit(101, "a");
        source.commit(102, "b");
        assertThat(drain(session)).containsExactly("invalidate 101[a]", "invalidate 102[b]");
        session.acknowledge(ack(102), moment());
        assertThat(drain(session)).containsExactly("bookmark 102/10");
    }

    @Test
    void acknowledgementsAreCumulativeAndRepeatable() {
        EdgeSession session = resumed(64);
        source.commit(110, "a");
        source.commit(120, "b");
        drain(session);
        assertThat(session.view().lag()).isEqualTo(20);
        session.acknowledge(ack(110), moment());
        assertThat(session.view().ackedVersion()).isEqualTo(110);
        assertThat(session.view().lag()).isEqualTo(10);
        session.acknowledge(ack(105), moment());
        assertThat(session.view().ackedVersion()).isEqualTo(110);
        session.acknowledge(new Acknowledgement(7, 120, new EdgeStats(1, 2, 3, 4, 5, null, null)), moment());
        session.acknowledge(ack(120), moment());
        assertThat(session.view().lag()).isZero();
        assertThat(session.view().stats()).isEqualTo(new EdgeStats(1, 2, 3, 4, 5, null, null));
    }

    @Test
    void anAcknowledgementOfWhatWasNotSentIsRefusedAndIsNoSignOfLife() {
        EdgeSession session = resumed(64);
        source.commit(110, "a");
        now = 11 * SECOND;
        assertThatThrownBy(() -> session.acknowledge(ack(110), moment()))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        problem -> assertThat(problem.code()).isEqualTo(ProblemCode.INVALID_REQUEST));
        assertThat(session.silent(now)).isTrue();
        drain(session);
        session.acknowledge(ack(110), moment());
        assertThat(session.silent(now)).isFalse();
    }

    /** The change of t1 has moved to a record that was not sent yet: only a bookmark proves that the edge has it. */
    @Test
    void onlyABookmarkConfirms() {
        EdgeSession session = resumed(2);
        source.commit(101, "t1");
        source.commit(102, "t2");
        source.commit(103, "t3");
        source.commit(104, "t1");
        assertThat(drain(session)).containsExactly("invalidate 102[t2]", "invalidate 103[t3]");
        session.acknowledge(ack(103), moment());
        assertThat(session.confirmed(101)).isFalse();
        assertThat(session.delivered(101)).isFalse();
        assertThat(drain(session)).containsExactly("invalidate 104[t1]", "bookmark 104/0");
        assertThat(session.delivered(101)).isTrue();
        assertThat(session.confirmed(101)).isFalse();
        session.acknowledge(ack(104), moment());
        assertThat(session.confirmed(101)).isTrue();
        assertThat(session.confirmed(104)).isTrue();
        assertThat(session.confirmed(105)).isFalse();
    }

    @Test
    void anotherEpochResetsARunningSession() {
        EdgeSession session = resumed(64);
        source.commit(110, "a");
        assertThat(drain(session)).contains("invalidate 110[a]");
        source.begin("7.2.1", 50);
        assertThat(session.provenHead()).isNull();
        source.commit(60, "b");
        assertThat(drain(session)).containsExactly("reset 60 EPOCH", "bookmark 60/0");

        // A late word of the old epoch proves nothing in the new, however high its version.
        session.acknowledge(ack(110), moment());
        assertThat(session.provenHead()).isNull();
        assertThat(session.view().ackedVersion()).isNull();
        assertThat(session.confirmed(60)).isFalse();
        session.acknowledge(ack(60), moment());
        assertThat(session.provenHead()).isEqualTo(60);
        assertThat(session.confirmed(60)).isTrue();
    }

    @Test
    void theSameVersionOfTheEpochBeforeProvesNothing() {
        EdgeSession session = resumed(64);
        source.commit(110, "a");
        assertThat(drain(session)).contains("invalidate 110[a]");
        // As after a crash of the server: the durable slot brings the same record again.
        source.begin("7.1.2", 100);
        source.commit(110, "a");
        assertThat(drain(session)).containsExactly("reset 110 EPOCH", "bookmark 110/0");

        session.acknowledge(new Acknowledgement(7, 110, null, FakeSource.EPOCH, null), moment());
        assertThat(session.provenHead()).isNull();
        assertThat(session.confirmed(110)).isFalse();
        session.acknowledge(new Acknowledgement(7, 110, null, "7.1.2", null), moment());
        assertThat(session.provenHead()).isEqualTo(110);
        assertThat(session.confirmed(110)).isTrue();
    }

    @Test
    void aNewEdgeProvesNothingBeforeItHasAppliedTheReset() {
        EdgeSession session = session("6.1.1:5000", 64);
        session.acknowledge(ack(5000), moment());
        drain(session);
        session.acknowledge(ack(5000), moment());
        assertThat(session.provenHead()).isNull();
        session.acknowledge(ack(100), moment());
        assertThat(session.provenHead()).isEqualTo(100);
    }

    @Test
    void goodbyeComesEvenWhenTheWindowIsFullAndIsTheLast() {
        EdgeSession session = resumed(2);
        source.commit(101, "a");
        source.commit(102, "b");
        source.commit(103, "c");
        drain(session);
        session.close(Goodbye.Reason.EVICTED);
        session.close(Goodbye.Reason.DRAIN);
        assertThat(drain(session)).containsExactly("goodbye EVICTED");
        session.acknowledge(ack(102), moment());
        assertThat(drain(session)).isEmpty();
    }

    @Test
    void timesTheWayFromLogToEdgeWithoutWhatTheEdgeHasWaited() {
        EdgeSession session = resumed(64);
        source.commit(110, "a");
        source.commit(120, "b");
        source.commit(130, "c");
        drain(session);
        now = TimeUnit.MILLISECONDS.toNanos(500);
        // Of the first it does not say when; the last it claims to have had before there was one.
        session.acknowledge(new Acknowledgement(7, 130, null, FakeSource.EPOCH, List.of(480, 9000)), moment());
        assertThat(meters.get("perigee.home.invalidations.applied.time").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(500 + 20 + 0);

        source.commit(140, "a");
        drain(session);
        now += TimeUnit.MILLISECONDS.toNanos(300);
        session.acknowledge(
                new Acknowledgement(7, 140, null, FakeSource.EPOCH, List.of(777, 480, 9000, 290)), moment());
        assertThat(meters.get("perigee.home.invalidations.applied.time").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(520 + 800 - 290);
    }

    @Test
    void timesTheWayFromLogToAcknowledgement() {
        EdgeSession session = resumed(64);
        source.commit(110, "a");
        drain(session);
        now = TimeUnit.MILLISECONDS.toNanos(3);
        session.acknowledge(ack(110), moment());
        assertThat(meters.get("perigee.home.invalidations.applied.time").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(3);
    }

    @Test
    void silenceIsMeasuredFromRegistrationOrTheLastAcknowledgement() {
        EdgeSession session = resumed(64);
        now = 10 * SECOND;
        assertThat(session.silent(now)).isFalse();
        assertThat(session.silent(now + 1)).isTrue();
        drain(session);
        assertThat(session.silent(now + 1)).isTrue();
        session.acknowledge(ack(100), moment());
        assertThat(session.silent(now + 1)).isFalse();
        assertThat(session.view().lastSeen()).isEqualTo(Instant.EPOCH.plusSeconds(10));
        assertThat(session.view().registeredAt()).isEqualTo(Instant.EPOCH);
    }

    @Test
    void theOperatorsChoiceIsToldAfterEveryHelloAndWheneverItChangesEvenWithTheWindowFull() {
        source.eligibility = new Eligibility(false, Capacity.UNSPECIFIED);
        EdgeSession session = session(FakeSource.EPOCH + ":100", 2);
        assertThat(drain(session)).containsExactly("hello 100", "ineligible", "bookmark 100/0");
        assertThat(session.view().eligible()).isFalse();
        source.commit(101, "a");
        source.commit(102, "b");
        assertThat(drain(session)).containsExactly("invalidate 101[a]");
        source.eligibility = new Eligibility(true, new Capacity(null, 64, null, null));
        assertThat(drain(session)).containsExactly("eligible");
        source.eligibility = new Eligibility(true, new Capacity(null, 64, null, null));
        assertThat(drain(session)).isEmpty();
        assertThat(session.view().eligible()).isTrue();
    }

    @Test
    void whatIsNotOfInterestIsPassedOverAndBookmarksGoOn() {
        EdgeSession session = session(FakeSource.EPOCH + ":100", 64, "public.users", "sales.*");
        drain(session);
        source.commit(101, "public.other");
        source.commit(102, "public.more");
        assertThat(drain(session)).containsExactly("bookmark 102/0");
        source.commit(103, "public.more", "public.users", "sales.orders");
        source.commit(104, "public.elsewhere");
        assertThat(drain(session)).containsExactly("invalidate 103[public.users, sales.orders]", "bookmark 104/0");
        source.commit(105, "public.users");
        source.commit(106);
        assertThat(drain(session)).containsExactly("invalidate 106[]", "bookmark 106/0");
        EdgeCounters counters = session.view().counters();
        assertThat(counters.filtered()).isEqualTo(3);
        assertThat(counters.conflated()).isEqualTo(1);
        assertThat(counters.framesSent()).isEqualTo(2 + 1 + 1 + 2 + 2);
        assertThat(count("perigee.home.invalidations.filtered")).isEqualTo(3);
        assertThat(session.view().tables()).containsExactly("public.users", "sales.*");
        session.acknowledge(ack(106), moment());
        assertThat(session.confirmed(105)).isTrue();
    }

    @Test
    void edgesInStepAreSentTheSame() {
        EdgeSession all = resumed(64);
        EdgeSession some = session(FakeSource.EPOCH + ":100", 64, "public.*");
        drain(some);
        source.commit(101, "public.a", "public.b");
        assertThat(some.next(now)).isEqualTo(all.next(now));
        assertThat(some.next(now)).isEqualTo(all.next(now));
    }

    /** Another home was quicker. What this one decodes up to the cursor the edge has had from there. */
    @Test
    void aCursorAheadOfTheLogWaitsForIt() {
        source.commit(110, "a");
        EdgeSession session = session(FakeSource.EPOCH + ":130", 64);
        assertThat(drain(session)).containsExactly("hello 130", "eligible");
        source.commit(120, "b");
        source.commit(130, "c");
        assertThat(session.delivered(110)).isFalse();
        source.commit(140, "d");
        assertThat(drain(session)).containsExactly("invalidate 140[d]", "bookmark 140/0");
        assertThat(count("perigee.home.edges.resumed")).isEqualTo(1);
        assertThat(count("perigee.home.invalidations.conflated")).isZero();
        assertThat(resets()).isZero();
    }

    @Test
    void whileItWaitsForTheLogTheStreamShowsThatItLivesAndTheEdgeMayAcknowledge() {
        EdgeSession session = session(FakeSource.EPOCH + ":130", 64);
        drain(session);
        assertThat(session.behind()).isTrue();
        now += SECOND;
        source.commit(120, "b");
        assertThat(drain(session)).containsExactly("comment");
        assertThat(drain(session)).isEmpty();
        session.acknowledge(ack(130), moment());
        assertThat(session.provenHead()).isEqualTo(120);
        assertThat(session.confirmed(100)).isFalse();
        source.log.advance(130);
        assertThat(drain(session)).containsExactly("bookmark 130/0");
        assertThat(session.view().counters().framesSent()).isEqualTo(3);
    }

    @Test
    void aCursorThatTheLogDoesNotReachWithinTheLivenessWindowIsReset() {
        EdgeSession session = session(FakeSource.EPOCH + ":130", 64);
        drain(session);
        now += 10 * SECOND;
        assertThat(drain(session)).containsExactly("comment");
        now += 1;
        assertThat(drain(session)).containsExactly("reset 100 AHEAD", "bookmark 100/0");
    }

    @Test
    void aCursorAheadOfTheLogIsResetWhenTheEpochChanges() {
        EdgeSession session = session(FakeSource.EPOCH + ":130", 64);
        drain(session);
        source.begin("7.2.1", 50);
        assertThat(drain(session)).containsExactly("reset 50 EPOCH", "bookmark 50/0");
    }

    @Test
    void countsAcknowledgementsThatAreLate() {
        EdgeSession session = resumed(64);
        now += 2 * SECOND;
        session.acknowledge(ack(100), moment());
        assertThat(session.view().counters().acksLate()).isZero();
        now += 2 * SECOND + 1;
        session.acknowledge(ack(100), moment());
        assertThat(session.view().counters().acksLate()).isEqualTo(1);
        assertThat(count("perigee.home.edges.acks.late")).isEqualTo(1);
    }

    @Test
    void theRequestRateIsTheDifferenceOfTwoReports() {
        EdgeSession session = resumed(64);
        session.acknowledge(stats(100, 10, 5), moment());
        assertThat(session.view().requestsPerSecond()).isZero();
        now += SECOND / 2;
        session.acknowledge(stats(140, 15, 10), moment());
        assertThat(session.view().requestsPerSecond()).isEqualTo(100);
        now += SECOND / 1000;
        session.acknowledge(stats(141, 15, 10), moment());
        assertThat(session.view().requestsPerSecond()).isEqualTo(100);
        now += SECOND;
        session.acknowledge(stats(0, 0, 3), moment());
        assertThat(session.view().requestsPerSecond()).isZero();
    }

    private static Acknowledgement stats(long hits, long misses, long bypasses) {
        return new Acknowledgement(7, 100, new EdgeStats(hits, misses, bypasses, 0, 0, null, null));
    }
}

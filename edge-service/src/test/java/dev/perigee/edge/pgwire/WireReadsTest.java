package dev.perigee.edge.pgwire;

import static dev.perigee.edge.pgwire.ReadsFixture.CATALOG;
import static dev.perigee.edge.pgwire.ReadsFixture.EPOCH;
import static dev.perigee.edge.pgwire.ReadsFixture.at;
import static dev.perigee.edge.pgwire.ReadsFixture.cacheable;
import static dev.perigee.edge.pgwire.ReadsFixture.latin1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.model.StatementAnswer;
import dev.perigee.model.StreamPosition;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What may be kept and what may be served, by the real cache and fence and a view of the link made by hand. */
class WireReadsTest {

    private static final byte[] SQL = latin1("select x from t");

    private final ReadsFixture fixture = new ReadsFixture();
    private final SessionState state = new SessionState();
    private WireReads reads = fixture.reads();

    private static SessionContext context(String epoch, String obstacle) {
        return new SessionContext("me", CATALOG, epoch, at(50), true, obstacle);
    }

    private void known(SessionContext context, long position) {
        state.known(
                new Probe(
                        "0123456789abcdef0123456789abcdef",
                        at(50),
                        state.sequence(),
                        new Probe.Question(1, null, false, false, Set.of())),
                new Probe.Answer(context, position, null, Set.of()));
    }

    private void known() {
        known(context(EPOCH, null), 0);
    }

    /** Home has said something of the text; then a result was read. */
    private String admit(byte[] sql, byte[] arguments, StreamPosition visible) {
        StatementText text = reads.text(sql);
        reads.ask(text, CATALOG, answer -> {});
        Recording recording = reads.record(1, text, sql, arguments, visible);
        if (recording == null) {
            return "not-recorded";
        }
        recording.add(Unpooled.wrappedBuffer(Wire.join(Wire.row("1"), Wire.complete("SELECT 1"))));
        return reads.admit(recording, context(EPOCH, null));
    }

    private String admit() {
        return admit(SQL, null, reads.visible());
    }

    private WireReads.Found find() {
        return reads.find(state, reads.text(SQL), WireKey.simple(context(EPOCH, null), SQL));
    }

    @Test
    void whatWasVisibleBeforeItWasSentIsItsStamp() {
        known();
        assertThat(admit()).isNull();
        CachedResult found = find().result();
        assertThat(found.readAt()).isEqualTo(at(90));
        assertThat(found.tables()).containsExactly("public.t");
        assertThat(find().why()).isNull();
    }

    @Test
    void nothingIsVisibleWithoutAWordOfHome() {
        fixture.view = ReadsFixture.view(100, null);
        assertThat(reads.visible()).isNull();
        fixture.view = ReadsFixture.view(null, at(90), 0L, true);
        assertThat(reads.visible()).isNull();
        fixture.view = ReadsFixture.view(at(100), new StreamPosition("other", 90), 0L, true);
        assertThat(reads.visible()).isNull();
        fixture.view = ReadsFixture.view(at(100), at(90), 0L, false);
        assertThat(reads.visible()).isNull();
        assertThat(admit()).isEqualTo("not-recorded");
    }

    @Test
    void aChangeOnItsWayIsMetByTheMark() {
        StatementText text = reads.text(SQL);
        reads.ask(text, CATALOG, answer -> {});
        Recording recording = reads.record(1, text, SQL, null, reads.visible());
        fixture.change(95, "public.t");
        assertThat(reads.admit(recording, context(EPOCH, null))).isEqualTo("not-stored");
        assertThat(fixture.cache.size()).isZero();
    }

    @Test
    void aPurgeOnItsWayIsMetByTheTicket() {
        StatementText text = reads.text(SQL);
        reads.ask(text, CATALOG, answer -> {});
        Recording recording = reads.record(1, text, SQL, null, reads.visible());
        fixture.cache.purge();
        assertThat(reads.admit(recording, context(EPOCH, null))).isEqualTo("not-stored");
    }

    @Test
    void aChangeAfterwardsIsNotServed() {
        known();
        admit();
        fixture.change(95, "public.other");
        assertThat(find().result()).isNotNull();
        fixture.change(95, "public.t");
        assertThat(find().why()).isEqualTo(Why.INVALIDATED);
        assertThat(find().why()).as("it is dropped").isEqualTo(Why.ABSENT);
    }

    @Test
    void aJudgementByACatalogThatTheEdgeHasNotHeardOfIsNotUsed() {
        fixture.says.put("select x from t", cacheable(101, "public.t"));
        assertThat(admit()).isEqualTo("not-stored");
        fixture.view = ReadsFixture.view(101, 90L);
        assertThat(admit()).isNull();
        // Or the result itself was read after it.
        fixture.view = ReadsFixture.view(100, 101L);
        assertThat(admit()).isNull();
    }

    @Test
    void aJudgementFallsWithTheCatalog() {
        fixture.says.put("select x from t", cacheable(50, "public.t"));
        assertThat(admit()).isNull();
        assertThat(reads.judgement(reads.text(SQL), CATALOG)).isNotNull();
        fixture.change(60);
        assertThat(reads.judgement(reads.text(SQL), CATALOG)).isNull();
        assertThat(admit()).isEqualTo("not-stored");
    }

    @Test
    void aJudgementIsNotGoodForEver() {
        admit();
        fixture.now.addAndGet(Duration.ofMinutes(1).toNanos());
        assertThat(reads.judgement(reads.text(SQL), CATALOG)).isNotNull();
        fixture.now.addAndGet(1);
        assertThat(reads.judgement(reads.text(SQL), CATALOG)).isNull();
    }

    @Test
    void whatHomeRefusesIsNotKept() {
        fixture.says.put("select x from t", ReadsFixture.refused("volatile-function"));
        assertThat(admit()).isEqualTo("volatile-function");
    }

    @Test
    void aStatementThatHomeDoesNotKnowIsAskedAboutAgain() {
        fixture.says.put("select x from t", ReadsFixture.refused("unknown-relation"));
        admit();
        admit();
        assertThat(fixture.asked).hasSize(2);
        assertThat(reads.judgement(reads.text(SQL), CATALOG)).isNull();
    }

    @Test
    void aShapeIsAskedAboutOnceForAllItsTexts() {
        assertThat(admit(latin1("select x from t where x = 1"), null, reads.visible()))
                .isNull();
        assertThat(reads.judgement(reads.text(latin1("select x from t where x = 2")), CATALOG))
                .isNotNull();
        assertThat(reads.judgement(reads.text(latin1("select x from t1 where x = 2")), CATALOG))
                .isNull();
        assertThat(reads.judgement(reads.text(latin1("select x from t where x = 'now'")), CATALOG))
                .isNull();
    }

    @Test
    void homeIsAskedOnceAtATime() {
        fixture.hold = true;
        int[] told = new int[1];
        for (int i = 0; i < 3; i++) {
            reads.ask(reads.text(SQL), CATALOG, answer -> told[0]++);
        }
        assertThat(fixture.asked).hasSize(1);
        fixture.release();
        assertThat(told[0]).isEqualTo(3);
    }

    @Test
    void aFloodOfTextsIsNoFloodAtHome() {
        fixture.hold = true;
        int[] untold = new int[1];
        for (int i = 0; i < 100; i++) {
            reads.ask(reads.text(latin1("select c" + i)), CATALOG, answer -> untold[0] += answer == null ? 1 : 0);
        }
        assertThat(fixture.asked).hasSize(64);
        assertThat(untold[0]).isEqualTo(36);
        fixture.release();
        assertThat(untold[0]).isEqualTo(36);
        reads.ask(reads.text(SQL), CATALOG, answer -> {});
        assertThat(fixture.asked).hasSize(65);
    }

    @Test
    void anotherEpochIsAnotherServer() {
        known();
        admit();
        known(context("8.1.1", null), 0);
        assertThat(reads.obstacle(state)).isEqualTo(Why.OTHER_SERVER);
        Recording recording = reads.record(1, reads.text(SQL), SQL, null, at(90));
        assertThat(reads.admit(recording, context("8.1.1", null))).isEqualTo("not-stored");
        known();
        fixture.view = ReadsFixture.view(new StreamPosition("8.1.1", 5), new StreamPosition("8.1.1", 5), 0L, true);
        assertThat(reads.obstacle(state)).isEqualTo(Why.OTHER_SERVER);
        assertThat(find().why()).isEqualTo(Why.INVALIDATED);
    }

    @Test
    void aSessionIsNotServedLessThanItHasCommitted() {
        state.touched(state.next());
        known(context(EPOCH, null), 95);
        admit();
        // Whatever it has committed up to 95 has been heard of, and nothing of it concerns the result.
        assertThat(find().result()).isNotNull();
        state.touched(state.next());
        known(context(EPOCH, null), 101);
        assertThat(find().why()).isEqualTo(Why.OWN_WRITE);
        fixture.view = ReadsFixture.view(101, 90L);
        assertThat(find().result()).isNotNull();
    }

    @Test
    void aHintOnlyShortens() {
        known();
        fixture.defaultTtl = Duration.ofSeconds(10);
        reads = fixture.reads();
        byte[] shorter = latin1("select x from t /* perigee: ttl=3s */");
        byte[] longer = latin1("select x from t /* perigee: ttl=1h */");
        assertThat(admit(shorter, null, reads.visible())).isNull();
        assertThat(admit(longer, null, reads.visible())).isNull();
        fixture.view = ReadsFixture.view(at(100), at(90), Duration.ofSeconds(10).toNanos(), true);
        assertThat(ttlLeft(shorter)).isEqualTo(Duration.ofSeconds(3));
        assertThat(ttlLeft(longer)).isEqualTo(Duration.ofSeconds(10));
        fixture.now.set(Duration.ofSeconds(4).toNanos());
        assertThat(fixture.cache.find(WireKey.simple(context(EPOCH, null), shorter)))
                .isNull();
        assertThat(admit(latin1("select x from t /* perigee: ttl=0 */"), null, reads.visible()))
                .isEqualTo("not-stored");
        assertThat(admit(latin1("select x from t /* perigee: no-cache */"), null, reads.visible()))
                .isEqualTo("not-recorded");
    }

    private Duration ttlLeft(byte[] sql) {
        CachedResult found = fixture.cache.find(WireKey.simple(context(EPOCH, null), sql));
        return Duration.ofNanos(found.ttlLeft(fixture.now.get()));
    }

    @Test
    void whatHomeSaysOfTheTimeToLiveHolds() {
        fixture.says.put(
                "select x from t", new StatementAnswer("cacheable", List.of("public.t"), EPOCH + ":50", 2000L));
        admit();
        assertThat(ttlLeft(SQL)).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void anArgumentThatMeansAnotherDayTomorrowIsNotKept() {
        byte[] now = Unpooled.buffer()
                .writeBytes(new byte[] {0, 0, 0, 1, 0, 0, 0, 5})
                .writeBytes(latin1("today"))
                .writeBytes(new byte[] {0, 0})
                .array();
        assertThat(admit(latin1("select x from t where d = $1"), now, reads.visible()))
                .isEqualTo("volatile-function");
        assertThat(admit(latin1("select x from t where d = $1"), new byte[] {0, 0, 0, 0, 0, 0}, reads.visible()))
                .isNull();
    }

    @Test
    void onlyTablesOfInterestAreKept() {
        fixture.interest = List.of("public.u*");
        reads = fixture.reads();
        assertThat(admit()).isEqualTo("outside-interest");
        fixture.says.put("select x from t", cacheable(50, "public.users", "public.t"));
        fixture.change(60);
        fixture.says.put("select x from t", cacheable(70, "public.users"));
        assertThat(admit()).isNull();
    }

    @Test
    void bytesThatMeanSomethingElseAtHomeAreNotKept() {
        byte[] sql = latin1("select '\u00e9' from t");
        StatementText text = reads.text(sql);
        reads.ask(text, CATALOG, answer -> {});
        Recording recording = reads.record(1, text, sql, null, reads.visible());
        assertThat(reads.admit(recording, context(EPOCH, null))).isEqualTo("not-stored");
    }

    @Test
    void whatStandsInTheWay() {
        assertThat(reads.obstacle(state)).isEqualTo(Why.SESSION_STATE);
        known();
        assertThat(reads.obstacle(state)).isNull();
        known(context(EPOCH, "standby"), 0);
        assertThat(reads.obstacle(state)).isEqualTo(Why.bypass("standby"));
        fixture.view = ReadsFixture.view(null, null, 0L, true);
        assertThat(reads.obstacle(state)).isEqualTo(Why.NOT_LINKED);
        assertThat(find().why()).isEqualTo(Why.NOT_LINKED);
        fixture.view = ReadsFixture.view(null, null, 0L, false);
        assertThat(reads.obstacle(state)).isEqualTo(Why.INELIGIBLE);
    }

    @Test
    void whatIsKnownOfASessionFallsWhenAllTablesDo() {
        known();
        fixture.change(50);
        assertThat(reads.obstacle(state)).as("it was read with that in it").isNull();
        fixture.change(51);
        assertThat(reads.obstacle(state)).isEqualTo(Why.SESSION_STATE);
        assertThat(state.wantsProbe()).isTrue();
        known(new SessionContext("me", CATALOG, EPOCH, at(51), true, null), 0);
        assertThat(reads.obstacle(state)).isNull();
    }

    @Test
    void pastTheBoundItIsAskedForOrRefused() {
        known();
        admit();
        fixture.now.set(Duration.ofSeconds(5).toNanos());
        assertThat(find().result()).isNotNull();
        assertThat(find().staleness()).isEqualTo(Duration.ofSeconds(5).toNanos());
        fixture.now.incrementAndGet();
        assertThat(find().why()).isEqualTo(Why.TOO_STALE);
        fixture.whenStale = WhenStale.REFUSE;
        reads = fixture.reads();
        assertThat(find().why()).isEqualTo(Why.REFUSED);
    }

    @Test
    void aStatementMayAskForLessStaleness() {
        known();
        byte[] sql = latin1("select x from t /* perigee: max-staleness=1s */");
        admit(sql, null, reads.visible());
        fixture.now.set(Duration.ofSeconds(1).toNanos());
        WireKey key = WireKey.simple(context(EPOCH, null), sql);
        assertThat(reads.find(state, reads.text(sql), key).result()).isNotNull();
        fixture.now.incrementAndGet();
        assertThat(reads.find(state, reads.text(sql), key).why()).isEqualTo(Why.MAX_STALENESS);
    }

    @Test
    void nothingIsServedWhileTheCacheIsClosed() {
        known();
        admit();
        fixture.marks.close();
        assertThat(reads.obstacle(state)).isEqualTo(Why.SESSION_STATE);
        assertThat(find().why()).isEqualTo(Why.INVALIDATED);
    }
}

package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.link.HomeAccess;
import dev.perigee.edge.link.HomeHttp;
import dev.perigee.edge.link.Homes;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.edge.link.LinkView;
import dev.perigee.model.EdgeConfig;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.Spans;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.util.unit.DataSize;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerResponse;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Hits compared with a small server that speaks like home, in a time of its own. */
class ConsistencyTest extends ReadPathFixture {

    private static final String KEPT = "[[1]]";
    private static final String CHANGED = "[[2]]";

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final AtomicInteger times = new AtomicInteger();

    @AfterEach
    void stopTime() {
        time.dispose();
    }

    private Runnable whenLooked = () -> {};

    private LinkView look() {
        whenLooked.run();
        return view;
    }

    private HomeComparison comparison() {
        LinkProperties policy = new LinkProperties(
                "e",
                "default",
                null,
                Duration.ofSeconds(5),
                WhenStale.BYPASS,
                Duration.ZERO,
                Duration.ofSeconds(3),
                Duration.ofSeconds(30),
                null);
        EdgeConfig config = new EdgeConfig(EdgeConfig.Role.EDGE, homes(), "t", null, null, null);
        HomeClient client = new HttpHomeClient(
                HomeHttp.of(config, policy, HomeAccess.NONE, new DefaultSslBundleRegistry()),
                Homes.of(config),
                new HomeProperties(Duration.ofSeconds(5), 10, DataSize.ofMegabytes(1)),
                Spans.NONE);
        return new HomeComparison(client, cache, marks, this::look, time, Schedulers.boundedElastic());
    }

    private Publisher<Void> answer(HttpServerResponse response, String readBefore, String rows) {
        response.header("Perigee-Cacheability", "cacheable")
                .header("Perigee-Version", "7.1:10")
                .header("Perigee-Tables", "public.users")
                .header("Content-Type", "application/json");
        if (readBefore != null) {
            response.header("Perigee-Read-Before", readBefore);
        }
        return response.sendString(Mono.just(body(rows)));
    }

    private static String body(String rows) {
        return "{\"columns\":[{\"name\":\"n\",\"type\":\"int4\"}],\"rows\":" + rows + "}";
    }

    /** What is served: read at 10. */
    private CachedResult keep(Read read) {
        CachedResult kept = new CachedResult(
                body(KEPT).getBytes(StandardCharsets.UTF_8),
                "application/json",
                List.of("public.users"),
                "public.users",
                at(10),
                0,
                Duration.ofSeconds(60));
        assertThat(cache.admit(cache.ticket(), read.key(), kept)).isTrue();
        return kept;
    }

    private CompletableFuture<Verdict> compare(Read read, CachedResult kept) {
        return comparison().of(read, kept).toFuture();
    }

    private Verdict verdict(String sql) {
        Read read = read(sql, CacheControl.NONE, null);
        CachedResult kept = keep(read);
        return compare(read, kept).orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void aHitThatHomeConfirmsAgrees() {
        view = view(20, 0L);
        home = (request, response) -> {
            assertThat(request.uri()).isEqualTo("/api/query?read_before=true");
            return answer(response, "7.1:20", KEPT);
        };
        assertThat(verdict(READ)).isEqualTo(Verdict.AGREED);
        assertThat(cache.size()).isEqualTo(1);
        assertThat(asked).hasValue(1);
    }

    @Test
    void aHitThatHomeTwiceContradictsIsAViolationAndIsDropped() {
        view = view(20, 0L);
        home = (request, response) -> answer(response, "7.1:20", CHANGED);
        assertThat(verdict(READ)).isEqualTo(Verdict.VIOLATED);
        assertThat(cache.find(read(READ, CacheControl.NONE, null).key())).isNull();
        assertThat(asked).hasValue(2);
    }

    @Test
    void whatIsComparedIsNeverKept() {
        view = view(20, 0L);
        home = (request, response) -> answer(response, "7.1:20", CHANGED);
        verdict(READ);
        assertThat(cache.size()).isZero();
        assertThat(statements.size()).isZero();
    }

    @Test
    void itWaitsUntilTheEdgeHasEverythingHomeMayHaveSeen() {
        view = view(19, 0L);
        home = (request, response) -> answer(response, "7.1:20", CHANGED);
        Read read = read(READ, CacheControl.NONE, null);
        CachedResult kept = keep(read);
        CompletableFuture<Verdict> compared = compare(read, kept);
        await().until(() -> asked.get() == 1);
        time.advanceTimeBy(Duration.ofSeconds(5));
        assertThat(compared).isNotDone();
        // The change that home has seen arrives: the hit was right when it was served.
        marks.raise(new InvalidationEvent(20, List.of("public.users"), Instant.EPOCH));
        view = view(20, 0L);
        assertThat(eventually(compared)).isEqualTo(Verdict.CHANGED);
    }

    @Test
    void aChangeThatComesWithWhatTheLinkCallsCompleteIsSeen() {
        view = view(20, 0L);
        whenLooked = () -> {
            if (times.incrementAndGet() == 2) {
                marks.raise(new InvalidationEvent(20, List.of("public.users"), Instant.EPOCH));
            }
        };
        home = (request, response) -> answer(response, "7.1:20", CHANGED);
        assertThat(verdict(READ)).isEqualTo(Verdict.CHANGED);
    }

    @Test
    void aTableThatOnlyHomeReadsCountsToo() {
        view = view(20, 0L);
        marks.raise(new InvalidationEvent(15, List.of("public.other"), Instant.EPOCH));
        home = (request, response) -> {
            answer(response, "7.1:20", CHANGED);
            response.responseHeaders().set("Perigee-Tables", "public.other");
            return response.sendString(Mono.just(body(CHANGED)));
        };
        assertThat(verdict(READ)).isEqualTo(Verdict.CHANGED);
    }

    @Test
    void anEdgeThatDoesNotCatchUpShowsNothing() {
        view = view(19, 0L);
        home = (request, response) -> answer(response, "7.1:20", CHANGED);
        Read read = read(READ, CacheControl.NONE, null);
        assertThat(eventually(compare(read, keep(read)))).isEqualTo(Verdict.BEHIND);
    }

    @Test
    void anotherEpochShowsNothing() {
        view = view(20, 0L);
        home = (request, response) -> answer(response, "8.1:20", CHANGED);
        assertThat(verdict(READ)).isEqualTo(Verdict.EPOCH);
        // Or the edge has gone over to it while home was asked.
        home = (request, response) -> {
            StreamPosition there = new StreamPosition("8.1", 30);
            marks.reset(there);
            view = new LinkView(LinkView.Status.STREAMING, there, there, null, 0L, 1, "h", LinkView.UNRESTRICTED, null);
            return answer(response, "7.1:20", CHANGED);
        };
        assertThat(verdict(READ)).isEqualTo(Verdict.EPOCH);
    }

    @Test
    void aPurgeMeanwhileShowsNothing() {
        view = view(20, 0L);
        home = (request, response) -> {
            cache.purge("users");
            return answer(response, "7.1:20", CHANGED);
        };
        assertThat(verdict(READ)).isEqualTo(Verdict.PURGED);
    }

    @Test
    void aChangeBetweenTheTwoLooksShowsNothing() {
        view = view(20, 0L);
        home = (request, response) -> {
            if (times.incrementAndGet() == 2) {
                marks.raise(new InvalidationEvent(20, List.of("public.users"), Instant.EPOCH));
            }
            return answer(response, "7.1:20", CHANGED);
        };
        assertThat(verdict(READ)).isEqualTo(Verdict.CHANGED);
    }

    @Test
    void aHomeThatDoesNotAgreeWithItselfShowsNothing() {
        view = view(20, 0L);
        home = (request, response) -> answer(response, "7.1:20", "[[" + (5 + times.incrementAndGet()) + "]]");
        assertThat(verdict(READ)).isEqualTo(Verdict.UNSTABLE);
    }

    @Test
    void aStatementThatLeavesItsAnswerOpenShowsNothing() {
        view = view(20, 0L);
        home = (request, response) -> answer(response, "7.1:20", CHANGED);
        assertThat(verdict("select n from users limit 1")).isEqualTo(Verdict.UNDETERMINED);
        assertThat(verdict("select n from users order by n limit 1")).isEqualTo(Verdict.VIOLATED);
    }

    @Test
    void aHomeThatDoesNotSayOfWhenItsAnswerIsShowsNothing() {
        view = view(20, 0L);
        home = (request, response) -> answer(response, null, CHANGED);
        assertThat(verdict(READ)).isEqualTo(Verdict.UNANSWERED);
        home = (request, response) -> answer(response, "yesterday", CHANGED);
        assertThat(verdict(READ)).isEqualTo(Verdict.UNANSWERED);
        home = (request, response) -> response.status(503).send();
        assertThat(verdict(READ)).isEqualTo(Verdict.UNANSWERED);
    }

    @Test
    void onlyHitsArePickedAsOftenAsConfiguredAndSoManyAtOnce() {
        ConsistencyMetrics metrics = new ConsistencyMetrics(registry);
        view = view(20, 0L);
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono().then(Mono.from(answer(response, "7.1:20", KEPT)));
        AtomicInteger dice = new AtomicInteger();
        ConsistencySampler sampler = new ConsistencySampler(
                comparison(),
                metrics,
                new ConsistencyProperties(0.5, 1, 2),
                now::get,
                () -> dice.getAndIncrement() % 2 == 0 ? 0.5 : 0.49,
                Schedulers.parallel());
        Read read = read(READ, CacheControl.NONE, null);
        CachedResult kept = keep(read);
        sampler.served(read, kept);
        assertThat(sampler.inFlight()).as("not picked").isZero();
        sampler.served(read, kept);
        assertThat(sampler.inFlight()).isEqualTo(1);
        dice.set(1);
        sampler.served(read, kept);
        assertThat(sampler.inFlight()).as("one a second").isEqualTo(1);
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        dice.set(1);
        sampler.served(read, kept);
        assertThat(sampler.inFlight()).isEqualTo(2);
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        dice.set(1);
        sampler.served(read, kept);
        assertThat(sampler.inFlight()).as("two at once").isEqualTo(2);
        gate.tryEmitEmpty();
        await().until(() -> metrics.report().checked() == 2 && sampler.inFlight() == 0);
        dice.set(1);
        sampler.served(read, kept);
        await().until(() -> metrics.report().checked() == 3);
        assertThat(registry.get("perigee.consistency.checked").functionCounter().count())
                .isEqualTo(3);
    }

    @Test
    void noneIsPickedIfTurnedOff() {
        ConsistencySampler sampler = new ConsistencySampler(
                comparison(),
                new ConsistencyMetrics(registry),
                new ConsistencyProperties(0, 1, 2),
                now::get,
                () -> 0,
                Schedulers.parallel());
        Read read = read(READ, CacheControl.NONE, null);
        sampler.served(read, keep(read));
        assertThat(sampler.inFlight()).isZero();
    }

    @Test
    void aHomeThatCannotBeReachedIsCountedAndGivesTheTurnBack() {
        ports = List.of(closedPort());
        ConsistencyMetrics metrics = new ConsistencyMetrics(registry);
        ConsistencySampler sampler = new ConsistencySampler(
                comparison(), metrics, new ConsistencyProperties(1, 1, 2), now::get, () -> 0, Schedulers.parallel());
        Read read = read(READ, CacheControl.NONE, null);
        sampler.served(read, keep(read));
        await().until(() -> sampler.inFlight() == 0);
        assertThat(metrics.report().inconclusive()).containsExactly(Map.entry("unanswered", 1L));
        assertThat(metrics.report().checked()).isZero();
        assertThat(metrics.report().nines()).isZero();
    }

    /** Lets time pass until it is done. */
    private Verdict eventually(CompletableFuture<Verdict> compared) {
        await().pollInterval(Duration.ofMillis(1)).until(() -> {
            time.advanceTimeBy(Duration.ofMillis(500));
            return compared.isDone();
        });
        return compared.join();
    }
}

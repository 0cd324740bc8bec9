package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.edge.link.LinkView;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StreamPosition;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The read path against a small server that speaks like home. */
class QueryServiceTest extends ReadPathFixture {

    @Test
    void missThenHitWithTheStoredBytes() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        Reply miss = ask(service, READ);
        assertThat(status(miss)).isEqualTo("e; fwd=uri-miss; fwd-status=200; stored");
        view = view(30, -1_500_000_000L);
        Reply hit = ask(service, READ);
        assertThat(hit.body()).isEqualTo(miss.body());
        assertThat(status(hit)).isEqualTo("e; hit; ttl=60");
        assertThat(hit.headers().getFirst("Age")).isEqualTo("1");
        assertThat(hit.headers().getFirst("Perigee-Version")).isEqualTo("7.1:30");
        assertThat(hit.headers().getFirst("Perigee-As-Of")).isEqualTo("2026-01-01T00:00:08.500Z");
        assertThat(hit.headers().getFirst("Perigee-Tables")).isEqualTo("public.users");
        assertThat(asked).hasValue(1);
    }

    @Test
    void invalidatedIsStaleAndReadAnew() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        marks.raise(new InvalidationEvent(11, List.of("public.users"), Instant.EPOCH));
        home = (request, response) -> cacheable(response, 11, "new");
        assertThat(status(ask(service, READ))).isEqualTo("e; fwd=stale; fwd-status=200; stored; detail=invalidated");
        assertThat(status(ask(service, READ))).startsWith("e; hit");
    }

    @Test
    void aResultReadBeforeAnInvalidationAndArrivingAfterItIsNotKept() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono().then(Mono.from(cacheable(response, 10, "old")));
        CompletableFuture<Reply> flight =
                service.query(read(READ, CacheControl.NONE, null)).toFuture();
        await().until(() -> asked.get() == 1);
        marks.raise(new InvalidationEvent(11, List.of("public.users"), Instant.EPOCH));
        gate.tryEmitEmpty();
        assertThat(status(flight.join())).isEqualTo("e; fwd=uri-miss; fwd-status=200; detail=not-stored");
        assertThat(cache.size()).isZero();
    }

    @Test
    void whatIsOnItsWayWhenHomeResetsUsIsNotKept() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono().then(Mono.from(cacheable(response, 500, "old epoch")));
        CompletableFuture<Reply> flight =
                service.query(read(READ, CacheControl.NONE, null)).toFuture();
        await().until(() -> asked.get() == 1);
        marks.reset(new StreamPosition("8.1", 3));
        gate.tryEmitEmpty();
        flight.join();
        assertThat(cache.size()).isZero();
    }

    @Test
    void nothingIsServedOrKeptBeforeTheFirstReset() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        marks.close();
        view = LinkView.INITIAL;
        assertThat(status(ask(service, READ))).isEqualTo("e; fwd=bypass; fwd-status=200; detail=not-linked");
        assertThat(status(ask(service, READ))).startsWith("e; fwd=bypass");
        assertThat(cache.size()).isZero();
    }

    @Test
    void directivesOfTheRequest() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        assertThat(status(ask(service, READ, "no-store", null)))
                .isEqualTo("e; fwd=uri-miss; fwd-status=200; detail=not-stored");
        assertThat(ask(service, READ, "only-if-cached", null).status()).isEqualTo(504);
        ask(service, READ);
        assertThat(status(ask(service, READ, "only-if-cached", null))).startsWith("e; hit");
        assertThat(status(ask(service, READ, "no-cache", null)))
                .isEqualTo("e; fwd=request; fwd-status=200; stored; detail=no-cache");
        view = view(10, -2_000_000_000L);
        assertThat(status(ask(service, READ, "max-age=2", null))).startsWith("e; hit");
        assertThat(status(ask(service, READ, "max-age=1", null))).contains("fwd=request", "detail=max-age");
        assertThat(status(ask(service, READ, null, "7.1:10"))).startsWith("e; hit");
        assertThat(status(ask(service, READ, null, "7.1:11"))).contains("fwd=request", "detail=min-version");
    }

    @Test
    void pastTheBoundHomeIsAskedOrTheReadRefused() {
        ask(service(WhenStale.BYPASS, Duration.ZERO), READ);
        view = view(10, -5_000_000_001L);
        assertThat(status(ask(service(WhenStale.BYPASS, Duration.ZERO), READ))).contains("fwd=stale", "too-stale");
        Reply refused = ask(service(WhenStale.REFUSE, Duration.ZERO), READ);
        assertThat(refused.status()).isEqualTo(503);
        assertThat(text(refused)).contains("too-stale");
    }

    @Test
    void staleIfErrorServesWhatIsNotInvalidated() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        home = ReadPathFixture::hangUp;
        view = view(10, -7_000_000_000L);
        assertThat(ask(service, READ).status()).isEqualTo(502);
        Reply stale = ask(service, READ, "stale-if-error=2", null);
        assertThat(status(stale)).isEqualTo("e; hit; ttl=-2; detail=stale-if-error");
        assertThat(stale.headers().getFirst("Age")).isEqualTo("7");
        assertThat(ask(service, READ, "stale-if-error=1", null).status()).isEqualTo(502);
        assertThat(ask(service(WhenStale.BYPASS, Duration.ofSeconds(2)), READ).status())
                .isEqualTo(200);
        marks.raise(new InvalidationEvent(11, List.of("public.users"), Instant.EPOCH));
        assertThat(ask(service, READ, "stale-if-error=60", null).status()).isEqualTo(502);
    }

    @Test
    void aWriteIsSentOnceAndNeverShared() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        home = (request, response) -> response.header("Perigee-Cacheability", "write")
                .header("Perigee-Version", "7.1:99")
                .header("Cache-Control", "no-store")
                .header("Content-Type", "application/json")
                .sendString(Mono.just("{\"row_count\":1}"));
        List<CompletableFuture<Reply>> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(service.query(read(WRITE, CacheControl.NONE, null)).toFuture());
        }
        all.forEach(reply -> assertThat(status(reply.join())).isEqualTo("e; fwd=bypass; fwd-status=200; detail=write"));
        assertThat(all.get(0).join().headers().getFirst("Perigee-Version")).isEqualTo("7.1:99");
        assertThat(asked).hasValue(5);
    }

    @Test
    void aConnectionLostAfterAWriteWasSentIsAnUnknownOutcomeAndNotRepeated() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        home = ReadPathFixture::hangUp;
        Reply reply = ask(service, WRITE);
        assertThat(reply.status()).isEqualTo(502);
        assertThat(text(reply)).contains("outcome-unknown");
        assertThat(asked).hasValue(1);
    }

    @Test
    void aReadKnownToBeOneIsRepeatedOnce() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        home = (request, response) -> asked.get() == 2 ? hangUp(request, response) : cacheable(response, 10, "again");
        assertThat(text(ask(service, READ, "no-cache", null))).contains("again");
        assertThat(asked).hasValue(3);
        home = ReadPathFixture::hangUp;
        assertThat(text(ask(service, READ, "no-cache", null))).contains("home-unreachable");
        assertThat(asked).hasValue(5);
    }

    @Test
    void readsKnownToBeSuchShareAFlight() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        marks.raise(new InvalidationEvent(11, List.of("public.users"), Instant.EPOCH));
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono().then(Mono.from(cacheable(response, 11, "new")));
        List<CompletableFuture<Reply>> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(service.query(read(READ, CacheControl.NONE, null)).toFuture());
        }
        await().until(() -> asked.get() == 2);
        gate.tryEmitEmpty();
        all.forEach(reply -> assertThat(text(reply.join())).contains("new"));
        assertThat(asked).hasValue(2);
        assertThat(all)
                .filteredOn(reply -> status(reply.join()).contains("collapsed"))
                .hasSize(4);
    }

    @Test
    void aStatementThatHasBecomeAWriteIsRunForEachWhoSentIt() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        cache.purge();
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono()
                .then(Mono.from(response.header("Perigee-Cacheability", "write").sendString(Mono.just("{}"))));
        List<CompletableFuture<Reply>> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(service.query(read(READ, CacheControl.NONE, null)).toFuture());
        }
        await().until(() -> asked.get() == 2);
        gate.tryEmitEmpty();
        all.forEach(reply -> assertThat(reply.join().status()).isEqualTo(200));
        assertThat(asked).hasValue(4);
    }

    @Test
    void whatWasAppliedIsNotYetComplete() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        view = new LinkView(LinkView.Status.STREAMING, at(20), at(10), null, 0L, 1, "h", LinkView.UNRESTRICTED, null);
        assertThat(status(ask(service, READ, null, "7.1:15"))).contains("detail=min-version");
    }

    /** A commit that was decoded, and seen by its writer, while the shared read did not see it yet. */
    @Test
    void whoJoinsAFlightThatLacksWhatItMustNotMissAsksAgain() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        marks.raise(new InvalidationEvent(15, List.of("public.users"), Instant.EPOCH));
        view = view(20, 0L);
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono()
                .then(Mono.defer(() -> Mono.from(cacheable(response, asked.get() == 2 ? 14 : 15, "v" + asked.get()))));
        CompletableFuture<Reply> first =
                service.query(read(READ, CacheControl.NONE, null)).toFuture();
        CompletableFuture<Reply> second =
                service.query(read(READ, CacheControl.NONE, "7.1:15")).toFuture();
        await().until(() -> asked.get() == 2);
        gate.tryEmitEmpty();
        assertThat(text(first.join())).contains("v2");
        assertThat(text(second.join())).contains("v3");
    }

    /** Each byte comes in time, the whole never does. */
    @Test
    void anAnswerThatTricklesEndsInTime() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO, Duration.ofMillis(300));
        ask(service, READ);
        home = (request, response) -> response.header("Content-Type", "application/json")
                .send(
                        Flux.interval(Duration.ofMillis(50)).map(n -> Unpooled.copiedBuffer(new byte[] {' '})),
                        all -> true);
        assertThat(text(ask(service, READ, "no-cache", null))).contains("home-timeout");
        assertThat(text(ask(service, WRITE))).contains("outcome-unknown");
        assertThat(asked).hasValue(3);
    }

    @Test
    void anAnswerFromHomeIsAsOldAsItsQuestion() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        home = (request, response) -> {
            now.set(2_500_000_000L);
            return cacheable(response, 10, "slow");
        };
        Reply miss = ask(service, READ);
        assertThat(miss.headers().getFirst("Age")).isEqualTo("2");
        assertThat(miss.headers().getFirst("Perigee-As-Of")).isEqualTo("2026-01-01T00:00:07.500Z");
        view = view(10, 2_500_000_000L);
        assertThat(status(ask(service, READ)))
                .as("its time to live began then, too")
                .isEqualTo("e; hit; ttl=57");
    }

    @Test
    void nothingIsServedThatWasWithinTheBoundOnlyBeforeTheProcessWasFrozen() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        frozenFor = Duration.ofSeconds(6);
        assertThat(status(ask(service, READ))).contains("fwd=stale", "too-stale");
    }

    @Test
    void theTimeShownIsNoLaterThanTheClockItWasMeasuredBy() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        Instant began = wallClock.instant();
        wallClock = () -> began.plusNanos(now.get());
        now.set(Duration.ofSeconds(1).toNanos());
        // As if the process had been stopped right after every look at the clock.
        ticker = () -> now.getAndAdd(Duration.ofSeconds(3).toNanos());
        Reply hit = ask(service, READ);
        assertThat(status(hit)).contains("hit");
        assertThat(hit.headers().getFirst("Age")).isEqualTo("1");
        assertThat(Instant.parse(hit.headers().getFirst("Perigee-As-Of"))).isEqualTo(began);
    }

    @Test
    void homesRefusalOfOurTokenIsNotTheClients() {
        home = (request, response) -> response.status(401).send();
        Reply reply = ask(service(WhenStale.BYPASS, Duration.ZERO), READ);
        assertThat(reply.status()).isEqualTo(502);
        assertThat(text(reply)).contains("perigee.auth-token");
    }

    @Test
    void errorsOfTheStatementPassThrough() {
        home = (request, response) -> response.status(422)
                .header("Content-Type", "application/problem+json")
                .sendString(Mono.just("{\"code\":\"sql-error\"}"));
        Reply reply = ask(service(WhenStale.BYPASS, Duration.ZERO), READ);
        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.headers().getFirst("Content-Type")).isEqualTo("application/problem+json");
        assertThat(status(reply)).isEqualTo("e; fwd=uri-miss; fwd-status=422");
    }
}

package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.perigee.edge.link.LinkProperties.WhenStale;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What is passed through because an operator, or the interest of this edge, does not let it be kept. */
class WithoutCachingTest extends ReadPathFixture {

    @Test
    void anIneligibleEdgePassesEverythingThrough() {
        QueryService service = service(WhenStale.REFUSE, Duration.ofSeconds(60));
        ask(service, READ);
        disable();
        assertThat(cache.size()).isZero();
        for (int i = 0; i < 2; i++) {
            assertThat(status(ask(service, READ))).isEqualTo("e; fwd=bypass; fwd-status=200; detail=ineligible");
        }
        assertThat(cache.size()).isZero();
        assertThat(cache.refused()).isZero();
        Reply refused = ask(service, READ, "only-if-cached", null);
        assertThat(refused.status()).isEqualTo(504);
        assertThat(text(refused)).contains("not-cached");
        assertThat(status(refused)).isEqualTo("e; detail=ineligible");
        view = withEligibility(view(10, null), false);
        assertThat(status(ask(service, READ)))
                .as("whatever its staleness")
                .isEqualTo("e; fwd=bypass; fwd-status=200; detail=ineligible");
        home = (request, response) ->
                response.header("Perigee-Cacheability", "write").sendString(Mono.just("{}"));
        assertThat(status(ask(service, WRITE))).isEqualTo("e; fwd=bypass; fwd-status=200; detail=ineligible");
        assertThat(bypasses("ineligible")).isEqualTo(4);
        home = ReadPathFixture::hangUp;
        assertThat(status(ask(service, READ))).isEqualTo("e; fwd=bypass; detail=home-unreachable");
        home = (request, response) -> cacheable(response, 10, "again");
        view = view(10, 0L);
        cache.allow(true, null);
        ask(service, READ);
        assertThat(status(ask(service, READ))).startsWith("e; hit");
    }

    @Test
    void whatIsOnItsWayWhenCachingIsDisabledIsNotKept() {
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono().then(Mono.from(cacheable(response, 10, "late")));
        CompletableFuture<Reply> flight =
                service.query(read(READ, CacheControl.NONE, null)).toFuture();
        await().until(() -> asked.get() == 1);
        disable();
        cache.allow(true, null);
        gate.tryEmitEmpty();
        assertThat(status(flight.join())).contains("not-stored");
        assertThat(cache.size()).isZero();
    }

    @Test
    void whatReadsATableOutsideTheInterestIsNeitherKeptNorShared() {
        interest = List.of("sales.*");
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        assertThat(status(ask(service, READ))).isEqualTo("e; fwd=bypass; fwd-status=200; detail=outside-interest");
        assertThat(cache.size()).isZero();
        assertThat(status(ask(service, READ, "only-if-cached", null))).isEqualTo("e; detail=outside-interest");
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono().then(Mono.from(cacheable(response, 10, "each")));
        List<CompletableFuture<Reply>> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(service.query(read(READ, CacheControl.NONE, null)).toFuture());
        }
        await().until(() -> asked.get() == 4);
        gate.tryEmitEmpty();
        all.forEach(reply -> assertThat(status(reply.join())).doesNotContain("collapsed"));
        assertThat(bypasses("outside-interest")).isEqualTo(4);
        home = (request, response) -> response.header("Perigee-Cacheability", "cacheable")
                .header("Perigee-Version", "7.1:10")
                .header("Perigee-Tables", "sales.orders")
                .header("Content-Type", "application/json")
                .sendString(Mono.just("{}"));
        ask(service, "select * from sales.orders");
        assertThat(status(ask(service, "select * from sales.orders"))).startsWith("e; hit");
    }

    /** What a flight brings may turn out to be of a table outside: the statement means something else since. */
    @Test
    void aFlightThatComesBackFromOutsideTheInterestIsNotShared() {
        interest = List.of("public.*");
        QueryService service = service(WhenStale.BYPASS, Duration.ZERO);
        ask(service, READ);
        cache.purge();
        Sinks.Empty<Void> gate = Sinks.empty();
        home = (request, response) -> gate.asMono()
                .then(Mono.from(response.header("Perigee-Cacheability", "cacheable")
                        .header("Perigee-Version", "7.1:10")
                        .header("Perigee-Tables", "public.users,sales.orders")
                        .header("Content-Type", "application/json")
                        .sendString(Mono.just("{}"))));
        List<CompletableFuture<Reply>> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(service.query(read(READ, CacheControl.NONE, null)).toFuture());
        }
        await().until(() -> asked.get() == 2);
        gate.tryEmitEmpty();
        all.forEach(reply -> assertThat(status(reply.join())).endsWith("detail=outside-interest"));
        assertThat(asked).hasValue(4);
        assertThat(cache.size()).isZero();
    }
}

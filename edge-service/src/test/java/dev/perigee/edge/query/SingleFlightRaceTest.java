package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.cache.QueryKey;
import dev.perigee.edge.query.SingleFlight.Arrival;
import dev.perigee.edge.query.SingleFlight.Terms;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.testing.Fuzz;
import dev.perigee.testing.Together;
import dev.perigee.web.MinVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Reads that take off, join and give up in several threads: nobody waits for ever, nobody travels where it does not suit. */
class SingleFlightRaceTest {

    private static final QueryKey KEY = QueryKey.of(new QueryRequest("select 1", List.of()));

    /** A flight's answer is what was known when it began. */
    private record Begun(Terms terms, Sinks.One<Terms> answer) {}

    private final SingleFlight<Terms> flights = new SingleFlight<>();
    private final Queue<Begun> begun = new ConcurrentLinkedQueue<>();
    private final AtomicLong joined = new AtomicLong();
    private final AtomicLong clock = new AtomicLong();

    @Test
    void everybodyArrivesAndSuits() throws Exception {
        try (Together threads = new Together()) {
            Fuzz.trials(400, random -> {
                Queue<CompletableFuture<Arrival<Terms>>> waiting = new ConcurrentLinkedQueue<>();
                List<Together.Part> parts = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    Random own = new Random(random.nextLong());
                    parts.add(() -> {
                        for (int step = 0; step < 30; step++) {
                            act(own, waiting);
                        }
                    });
                }
                Random own = new Random(random.nextLong());
                parts.add(() -> {
                    for (int step = 0; step < 30; step++) {
                        land(own);
                    }
                });
                threads.run(parts.toArray(Together.Part[]::new));
                while (!begun.isEmpty()) {
                    land(random);
                }
                for (CompletableFuture<Arrival<Terms>> each : waiting) {
                    assertThat(each.isDone()).as("nobody waits for ever").isTrue();
                    each.handle(SingleFlightRaceTest::onlyHomeFails).join();
                }
                assertThat(flights.size()).isZero();
            });
        }
        assertThat(joined).as("reads that joined another's flight").hasPositiveValue();
    }

    private void act(Random random, Queue<CompletableFuture<Arrival<Terms>>> waiting) {
        Terms terms = terms(random);
        CompletableFuture<Arrival<Terms>> read = flights.fly(KEY, terms, () -> takeOff(terms))
                .doOnNext(arrival -> suits(terms, arrival))
                .toFuture();
        if (random.nextInt(3) == 0) {
            read.cancel(true);
        } else {
            waiting.add(read);
        }
    }

    private Mono<Terms> takeOff(Terms terms) {
        Begun flight = new Begun(terms, Sinks.one());
        begun.add(flight);
        return flight.answer.asMono();
    }

    private void land(Random random) {
        Begun flight = begun.poll();
        if (flight != null) {
            if (random.nextInt(5) == 0) {
                flight.answer.tryEmitError(new IllegalStateException("home has failed"));
            } else {
                flight.answer.tryEmitValue(flight.terms);
            }
        }
    }

    private static boolean onlyHomeFails(Arrival<Terms> arrival, Throwable failure) {
        assertThat(failure)
                .satisfiesAnyOf(
                        none -> assertThat(none).isNull(),
                        some -> assertThat(some).hasMessage("home has failed"));
        return true;
    }

    private void suits(Terms read, Arrival<Terms> arrival) {
        Terms flight = arrival.answer();
        if (!arrival.joined()) {
            assertThat(flight).isSameAs(read);
            return;
        }
        joined.incrementAndGet();
        assertThat(flight.mark()).isEqualTo(read.mark());
        assertThat(flight.completeTo().epoch()).isEqualTo(read.completeTo().epoch());
        assertThat(read.now() - flight.now()).isLessThanOrEqualTo(read.maxStaleness());
        if (read.minVersion() != null) {
            assertThat(read.minVersion().coveredBy(flight.completeTo())).isTrue();
        }
    }

    private Terms terms(Random random) {
        long now = clock.incrementAndGet();
        long completeTo = now / 20;
        return new Terms(
                now,
                now / 40,
                new StreamPosition(random.nextInt(10) == 0 ? "8.1" : "7.1", completeTo),
                random.nextInt(30),
                random.nextBoolean() ? null : MinVersion.parse(List.of("7.1:" + Math.max(0, completeTo - 1))));
    }
}

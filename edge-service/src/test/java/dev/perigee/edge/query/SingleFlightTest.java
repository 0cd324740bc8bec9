package dev.perigee.edge.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.cache.QueryKey;
import dev.perigee.edge.query.SingleFlight.Arrival;
import dev.perigee.edge.query.SingleFlight.Terms;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.MinVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class SingleFlightTest {

    private static final QueryKey KEY = QueryKey.of(new QueryRequest("select 1", List.of()));

    private final SingleFlight<String> flights = new SingleFlight<>();
    private final List<Sinks.One<String>> begun = new ArrayList<>();
    private final AtomicInteger cancelled = new AtomicInteger();
    private final List<Arrival<String>> arrived = new ArrayList<>();

    @Test
    void oneReadTravelsForMany() {
        fly(terms(0, 5, 10, 100, null));
        fly(terms(50, 5, 12, 100, null));
        fly(terms(100, 5, 12, 100, "7.1:10"));
        assertThat(begun).hasSize(1);
        begun.get(0).tryEmitValue("answer");
        assertThat(arrived)
                .containsExactly(
                        new Arrival<>("answer", false), new Arrival<>("answer", true), new Arrival<>("answer", true));
        assertThat(flights.size()).isZero();
        fly(terms(101, 5, 12, 100, null));
        assertThat(begun).hasSize(2);
    }

    @Test
    void notAcrossAnInvalidation() {
        fly(terms(0, 5, 10, 100, null));
        fly(terms(1, 6, 10, 100, null));
        assertThat(begun).hasSize(2);
        // Later readers join the later flight.
        fly(terms(2, 6, 10, 100, null));
        assertThat(begun).hasSize(2);
        begun.get(0).tryEmitValue("old");
        assertThat(arrived).containsExactly(new Arrival<>("old", false));
        fly(terms(3, 6, 10, 100, null));
        assertThat(begun)
                .as("the end of the old flight does not hide the new one")
                .hasSize(2);
    }

    @Test
    void notOlderThanTheReadMayBeStale() {
        fly(terms(0, 5, 10, 100, null));
        fly(terms(50, 5, 10, 49, null));
        assertThat(begun).hasSize(2);
    }

    @Test
    void notForWhatWasNotKnownWhenItBegan() {
        fly(terms(0, 5, 10, 100, null));
        fly(terms(1, 5, 11, 100, "7.1:11"));
        fly(terms(2, 5, 11, 100, "8.1:1"));
        assertThat(begun).hasSize(3);
    }

    @Test
    void notAcrossEpochs() {
        fly(terms(0, 5, 10, 100, null));
        fly(new Terms(1, 5, new StreamPosition("8.1", 10), 100, null));
        assertThat(begun).hasSize(2);
    }

    @Test
    void endsEarlyOnlyWhenNobodyWaits() {
        Disposable first = fly(terms(0, 5, 10, 100, null));
        Disposable second = fly(terms(1, 5, 10, 100, null));
        first.dispose();
        assertThat(cancelled).hasValue(0);
        second.dispose();
        assertThat(cancelled).hasValue(1);
        assertThat(flights.size()).isZero();
        fly(terms(2, 5, 10, 100, null));
        assertThat(begun).hasSize(2);
    }

    /** A client hangs up at the very moment another asks for the same. */
    @Test
    void whoJoinsWhileTheLastLeavesIsNotLeftWaiting() throws Exception {
        for (int round = 0; round < 20_000; round++) {
            List<Sinks.One<String>> sources = new CopyOnWriteArrayList<>();
            Supplier<Mono<String>> begin = () -> {
                Sinks.One<String> answer = Sinks.one();
                sources.add(answer);
                return answer.asMono();
            };
            Disposable leaving =
                    flights.fly(KEY, terms(0, 5, 10, 100, null), begin).subscribe();
            CyclicBarrier together = new CyclicBarrier(2);
            CompletableFuture<Void> left = CompletableFuture.runAsync(() -> {
                meet(together);
                leaving.dispose();
            });
            meet(together);
            CompletableFuture<Arrival<String>> joining =
                    flights.fly(KEY, terms(1, 5, 10, 100, null), begin).toFuture();
            left.join();
            sources.forEach(source -> source.tryEmitValue("answer"));
            assertThat(joining).as("round %d", round).isCompleted();
        }
        assertThat(flights.size()).isZero();
    }

    private static void meet(CyclicBarrier together) {
        try {
            together.await();
        } catch (InterruptedException | BrokenBarrierException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private Disposable fly(Terms terms) {
        return flights.fly(KEY, terms, () -> {
                    Sinks.One<String> answer = Sinks.one();
                    begun.add(answer);
                    return answer.asMono().doOnCancel(cancelled::incrementAndGet);
                })
                .subscribe(arrived::add);
    }

    private static Terms terms(long now, long mark, long completeTo, long maxStaleness, String minVersion) {
        return new Terms(
                now,
                mark,
                new StreamPosition("7.1", completeTo),
                maxStaleness,
                minVersion == null ? null : MinVersion.parse(List.of(minVersion)));
    }
}

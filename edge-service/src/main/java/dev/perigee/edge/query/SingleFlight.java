package dev.perigee.edge.query;

import dev.perigee.edge.cache.QueryKey;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.MinVersion;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Lets one read travel for many that want the same. Only for statements known to be reads. Thread-safe.
 *
 * <p>Who joins a flight gets a result that was read before it asked, at the earliest when the flight began. So it may join
 * only where it could as well have been served a result kept at that moment: if nothing has been heard since of a change
 * of the tables, if the flight is not older than the read may be stale, and if what the read must not miss was known to
 * have happened when the flight began.
 *
 * @param <A> what a flight brings back
 */
final class SingleFlight<A> {

    private final ConcurrentMap<QueryKey, Flight<A>> flights = new ConcurrentHashMap<>();

    /**
     * What was known when a read began.
     *
     * @param now monotonic, nanoseconds
     * @param mark the highest watermark of the statement's tables
     * @param completeTo every change at or below it had been applied
     * @param maxStaleness of the read, nanoseconds
     * @param minVersion what it must not miss
     */
    record Terms(
            long now,
            long mark,
            StreamPosition completeTo,
            long maxStaleness,
            @Nullable MinVersion minVersion) {}

    /**
     * What came back.
     *
     * @param joined whether another read's flight brought it
     */
    record Arrival<A>(A answer, boolean joined) {}

    /** Compared by identity. Counts who waits for it; once nobody does, it takes nobody any more. */
    private static final class Flight<A> {
        private final Terms terms;
        private final Sinks.One<A> landed = Sinks.one();
        private final Disposable.Swap under = Disposables.swap();
        private int waiting = 1;

        Flight(Terms terms) {
            this.terms = terms;
        }

        synchronized boolean board(Terms read) {
            boolean suits = read.mark == terms.mark
                    && read.completeTo.epoch().equals(terms.completeTo.epoch())
                    && read.now - terms.now <= read.maxStaleness
                    && (read.minVersion == null || read.minVersion.coveredBy(terms.completeTo));
            if (!suits || waiting == 0) {
                return false;
            }
            waiting++;
            return true;
        }

        void leave() {
            synchronized (this) {
                waiting--;
                if (waiting > 0) {
                    return;
                }
            }
            under.dispose();
        }
    }

    /**
     * Joins a flight that suits, or begins one. The flight ends early only when nobody waits for it any more.
     *
     * @param begin makes the read; what it does with the answer is done once
     */
    Mono<Arrival<A>> fly(QueryKey key, Terms terms, Supplier<Mono<A>> begin) {
        return Mono.deferContextual(context -> {
            Flight<A> mine = new Flight<>(terms);
            // Mono.share() would not do: who joins while the last passenger leaves may wait there for ever.
            Flight<A> taken = flights.merge(key, mine, (there, ours) -> there.board(terms) ? there : ours);
            boolean joined = taken != mine;
            if (!joined) {
                mine.under.update(Mono.defer(begin)
                        .doFinally(signal -> flights.remove(key, mine))
                        .contextWrite(context)
                        .subscribe(mine.landed::tryEmitValue, mine.landed::tryEmitError, mine.landed::tryEmitEmpty));
            }
            AtomicBoolean aboard = new AtomicBoolean(true);
            return taken.landed
                    .asMono()
                    .doOnCancel(() -> {
                        if (aboard.getAndSet(false)) {
                            taken.leave();
                        }
                    })
                    .map(arrived -> new Arrival<>(arrived, joined));
        });
    }

    /** How many are under way. */
    int size() {
        return flights.size();
    }
}

package dev.perigee.edge.query;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.CachedResult;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Picks a small share of the hits and has them compared with home, off their own path and so few at a time that neither
 * home nor our memory notices. What is over the limits is not compared, and not counted. Thread-safe.
 */
final class ConsistencySampler implements HitListener {

    private static final Logger log = LoggerFactory.getLogger(ConsistencySampler.class);

    private final HomeComparison comparison;
    private final ConsistencyMetrics metrics;
    private final double rate;
    private final long pace;
    private final int maxInFlight;
    private final Ticker ticker;
    private final DoubleSupplier random;
    private final Scheduler scheduler;
    private final AtomicLong next;
    private final AtomicInteger inFlight = new AtomicInteger();

    /**
     * Picks hits.
     *
     * @param random a number from 0 to below 1
     * @param scheduler where comparisons begin
     */
    ConsistencySampler(
            HomeComparison comparison,
            ConsistencyMetrics metrics,
            ConsistencyProperties properties,
            Ticker ticker,
            DoubleSupplier random,
            Scheduler scheduler) {
        this.comparison = comparison;
        this.metrics = metrics;
        this.rate = properties.sampleRate();
        this.pace = Math.max(1, (long) (TimeUnit.SECONDS.toNanos(1) / properties.maxPerSecond()));
        this.maxInFlight = properties.maxInFlight();
        this.ticker = ticker;
        this.random = random;
        this.scheduler = scheduler;
        this.next = new AtomicLong(ticker.read());
    }

    @Override
    public void served(Read read, CachedResult result) {
        if (rate <= 0 || random.getAsDouble() >= rate || !takesItsTurn()) {
            return;
        }
        Mono.defer(() -> comparison.of(read, result))
                .subscribeOn(scheduler)
                .onErrorResume(failure -> {
                    log.debug("a hit could not be compared with home", failure);
                    return Mono.just(Verdict.UNANSWERED);
                })
                .doFinally(end -> inFlight.decrementAndGet())
                .subscribe(metrics::count);
    }

    /** Whether another comparison may begin now; then it counts as begun. */
    private boolean takesItsTurn() {
        long now = ticker.read();
        long due = next.get();
        if (now - due < 0) {
            return false;
        }
        if (inFlight.incrementAndGet() > maxInFlight || !next.compareAndSet(due, now + pace)) {
            inFlight.decrementAndGet();
            return false;
        }
        return true;
    }

    int inFlight() {
        return inFlight.get();
    }
}

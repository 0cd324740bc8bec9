package dev.perigee.home.edges;

import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Tells those who wait for something to look again. It carries no news itself, so it may merge what it is asked: a wake-up asked for after a
 * change reaches every subscriber after that change, alone or as part of another.
 *
 * <p>Thread-safe. Whoever asks pays for one hand-over at the most, however many subscribers there are.
 */
final class Wakeups {

    private static final Logger log = LoggerFactory.getLogger(Wakeups.class);

    /** The one thing there is to say. */
    static final Boolean LOOK = Boolean.TRUE;

    private final Sinks.Many<Boolean> sink = Sinks.many().multicast().directBestEffort();
    private final AtomicInteger asked = new AtomicInteger();
    private final Scheduler scheduler = Schedulers.parallel();

    /** Wakes every subscriber soon. Never blocks, and costs nothing while there is none: who comes later looks by himself. */
    void wake() {
        if (sink.currentSubscriberCount() > 0 && asked.getAndIncrement() == 0) {
            scheduler.schedule(this::emit);
        }
    }

    private void emit() {
        int seen = asked.get();
        while (seen != 0) {
            try {
                sink.tryEmitNext(LOOK);
            } catch (RuntimeException | Error broken) {
                // One subscriber's fault. Were it to end this loop, none would ever be woken again.
                log.error("A subscriber could not be woken", broken);
            }
            seen = asked.addAndGet(-seen);
        }
    }

    /** For ever; a subscriber that is busy finds one wake-up waiting, however many there were. */
    Flux<Boolean> flux() {
        return sink.asFlux().onBackpressureLatest();
    }
}

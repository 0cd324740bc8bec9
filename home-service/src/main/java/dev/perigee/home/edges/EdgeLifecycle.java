package dev.perigee.home.edges;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

/**
 * The sessions' pulse, and their end: it stops before the web server begins to shut down gracefully, which would wait
 * for streams that never end by themselves.
 */
final class EdgeLifecycle implements SmartLifecycle {

    /** Above that of the web server's graceful shutdown, {@code DEFAULT_PHASE - 1024}; the higher stops first. */
    static final int PHASE = DEFAULT_PHASE - 512;

    private static final Duration PRUNE_INTERVAL = Duration.ofSeconds(1);
    private static final int TICKS_PER_HEARTBEAT = 4;
    private static final Duration COMPARE_INTERVAL = Duration.ofSeconds(30);

    private final EdgeRegistry registry;
    private final Fanout fanout;
    private final Eligibilities eligibilities;
    private final Duration heartbeat;
    private volatile @Nullable Disposable timers;

    EdgeLifecycle(EdgeRegistry registry, Fanout fanout, Eligibilities eligibilities, Duration heartbeat) {
        this.registry = registry;
        this.fanout = fanout;
        this.eligibilities = eligibilities;
        this.heartbeat = heartbeat;
    }

    @Override
    public void start() {
        registry.open();
        timers = Disposables.composite(
                Flux.interval(heartbeat.dividedBy(TICKS_PER_HEARTBEAT))
                        .onBackpressureDrop()
                        .subscribe(tick -> fanout.wakeSoon()),
                Flux.interval(PRUNE_INTERVAL).onBackpressureDrop().subscribe(tick -> registry.prune()),
                Flux.interval(COMPARE_INTERVAL)
                        .onBackpressureDrop()
                        .concatMap(tick -> eligibilities.compare(), 1)
                        .subscribe());
    }

    @Override
    public void stop() {
        registry.drain();
        Disposable running = timers;
        if (running != null) {
            running.dispose();
            timers = null;
        }
    }

    @Override
    public boolean isRunning() {
        return timers != null;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}

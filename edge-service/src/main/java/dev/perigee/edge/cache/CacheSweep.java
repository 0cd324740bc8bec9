package dev.perigee.edge.cache;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Sweeps the cache in the background, a bounded step at a time. */
final class CacheSweep implements SmartLifecycle {

    private static final Duration PERIOD = Duration.ofMillis(100);
    private static final int STEP = 2_000;

    private final ResultCache cache;
    private @Nullable Scheduler scheduler;
    private @Nullable Disposable task;

    CacheSweep(ResultCache cache) {
        this.cache = cache;
    }

    @Override
    public synchronized void start() {
        Scheduler thread = Schedulers.newSingle("perigee-sweep", true);
        scheduler = thread;
        task = thread.schedulePeriodically(
                () -> cache.sweep(STEP), PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public synchronized void stop() {
        if (task != null && scheduler != null) {
            task.dispose();
            scheduler.dispose();
        }
        task = null;
        scheduler = null;
    }

    @Override
    public synchronized boolean isRunning() {
        return task != null;
    }
}

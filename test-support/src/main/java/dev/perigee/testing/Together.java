package dev.perigee.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Several threads that begin at the same moment, again and again. */
public final class Together implements AutoCloseable {

    /** What one of the threads does. */
    public interface Part {
        void run() throws Exception;
    }

    private static final long HANGS_SECONDS = 300;
    private static final int MOST_SPINS = 200;

    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "together");
        thread.setDaemon(true);
        return thread;
    });

    /** Returns when all have ended; fails as the first that fails, or if one does not end. */
    public void run(Part... parts) throws Exception {
        AtomicInteger missing = new AtomicInteger(parts.length);
        List<Future<?>> running = new ArrayList<>();
        for (Part part : parts) {
            running.add(threads.submit(() -> {
                missing.decrementAndGet();
                // Whoever is missing may need this processor to come.
                for (int spins = 0; missing.get() > 0; spins++) {
                    if (spins < MOST_SPINS) {
                        Thread.onSpinWait();
                    } else {
                        LockSupport.parkNanos(1);
                    }
                }
                part.run();
                return null;
            }));
        }
        for (Future<?> each : running) {
            try {
                each.get(HANGS_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException failure) {
                throw new AssertionError(failure.getMessage(), failure.getCause());
            } catch (TimeoutException hangs) {
                throw new AssertionError("a thread does not end", hangs);
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}

package dev.perigee.home.tunnel;

import dev.perigee.model.ProblemCode;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.context.SmartLifecycle;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The tunnels that are open: no more than so many, and at shutdown all are ended. That comes before the web server begins to
 * shut down gracefully, which would wait for them. Thread-safe.
 */
final class Tunnels implements SmartLifecycle {

    /** Above that of the web server's graceful shutdown, {@code DEFAULT_PHASE - 1024}; the higher stops first. */
    static final int PHASE = DEFAULT_PHASE - 512;

    private static final Duration RETRY = Duration.ofSeconds(1);

    private final TunnelProperties properties;
    private final Map<String, Integer> byToken = new HashMap<>();
    private int open;
    private volatile Sinks.Empty<Void> drain = Sinks.empty();
    private volatile boolean running;

    Tunnels(TunnelProperties properties) {
        this.properties = properties;
    }

    /** A place for one tunnel, until it is given back. */
    final class Place {

        private final String token;
        private final AtomicBoolean given = new AtomicBoolean();

        private Place(String token) {
            this.token = token;
        }

        /** May be called more than once. */
        void giveBack() {
            if (given.compareAndSet(false, true)) {
                leave(token);
            }
        }
    }

    /**
     * Takes a place.
     *
     * @param token the name of the token that opens the tunnel
     * @throws ProblemException if tunnels are switched off, there is none left, or home is shutting down
     */
    synchronized Place take(String token) {
        if (!properties.enabled()) {
            throw new ProblemException(ProblemCode.NOT_FOUND, "This home opens no tunnels to its database.");
        }
        if (!running) {
            throw new ProblemException(ProblemCode.SHUTTING_DOWN, "This home is shutting down.").retryAfter(RETRY);
        }
        int own = byToken.getOrDefault(token, 0);
        if (open >= properties.maxConnections() || own >= properties.maxConnectionsPerToken()) {
            throw new ProblemException(
                            ProblemCode.TUNNELS_EXHAUSTED,
                            open >= properties.maxConnections()
                                    ? "This home has " + open + " tunnels open, and opens no more."
                                    : "This token has " + own + " tunnels open, and gets no more.")
                    .retryAfter(RETRY);
        }
        open++;
        byToken.put(token, own + 1);
        return new Place(token);
    }

    private synchronized void leave(String token) {
        open--;
        byToken.computeIfPresent(token, (name, own) -> own > 1 ? own - 1 : null);
    }

    /** How many are open. */
    synchronized int open() {
        return open;
    }

    /** Completes when every tunnel has to end. */
    Mono<Void> drained() {
        return drain.asMono();
    }

    @Override
    public synchronized void start() {
        drain = Sinks.empty();
        running = true;
    }

    @Override
    public void stop() {
        synchronized (this) {
            running = false;
        }
        drain.tryEmitEmpty();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}

package dev.perigee.home.wal;

import dev.perigee.model.ProblemCode;
import dev.perigee.model.SlotState;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Keeps a {@link FeedSession} going: when one ends, the next is begun after a pause that grows while none succeeds. */
final class WalFeed implements Feed, SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(WalFeed.class);

    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final Function<Runnable, Mono<Void>> sessions;
    private final HeartbeatLedger heartbeats;
    private final ManualInvalidations manual;
    private final Slots slots;
    private final Sinks.Many<Epoch> reached;
    private final FeedProperties properties;

    private final AtomicReference<@Nullable Disposable> running = new AtomicReference<>();
    private volatile boolean connected;
    private volatile Duration pause = SHORTEST_PAUSE;
    private volatile @Nullable String trouble;

    /**
     * A feed, not started.
     *
     * @param sessions makes a session, which calls back when it is connected
     * @param reached takes what {@link #reached} is told to the session
     */
    WalFeed(
            Function<Runnable, Mono<Void>> sessions,
            HeartbeatLedger heartbeats,
            ManualInvalidations manual,
            Slots slots,
            Sinks.Many<Epoch> reached,
            FeedProperties properties) {
        this.sessions = sessions;
        this.heartbeats = heartbeats;
        this.manual = manual;
        this.slots = slots;
        this.reached = reached;
        this.properties = properties;
    }

    @Override
    public boolean connected() {
        return connected;
    }

    @Override
    public Duration heartbeat() {
        return properties.heartbeat();
    }

    @Override
    public Duration age() {
        return heartbeats.age();
    }

    @Override
    public Instant asOf() {
        return heartbeats.asOf();
    }

    @Override
    public @Nullable SlotState slot() {
        return slots.state();
    }

    /** Nothing is lost if nobody listens, or two tell at once: the feed looks for itself as well. */
    @Override
    public void reached(Epoch epoch) {
        reached.tryEmitNext(epoch);
    }

    /** How often this home's durable slot was found lost since home started. */
    long slotsLost() {
        return slots.lost();
    }

    /** Durable slots of other homes that nobody has read from for long. */
    List<String> abandonedSlots() {
        return slots.abandoned();
    }

    @Override
    public Mono<Long> invalidate(List<String> tables) {
        return Mono.defer(() -> connected
                ? manual.invalidate(tables)
                : Mono.error(new ProblemException(
                        ProblemCode.FEED_UNAVAILABLE, "The database's change feed is not connected; try again.")));
    }

    private Mono<Void> session() {
        return sessions.apply(this::onConnected)
                .doOnError(this::onFailure)
                .onErrorComplete()
                .doFinally(signal -> connected = false);
    }

    private void onConnected() {
        connected = true;
        pause = SHORTEST_PAUSE;
        trouble = null;
    }

    private void onFailure(Throwable error) {
        String now = error.toString();
        if (now.equals(trouble)) {
            log.debug("The feed is still not connected", error);
        } else {
            log.warn("The feed is not connected, trying again: {}", now);
            trouble = now;
        }
    }

    /** Up to half of it random, so that homes do not come back all at once. */
    private Mono<Long> pause() {
        long millis = pause.toMillis();
        Duration longer = pause.multipliedBy(2);
        pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
        return Mono.delay(
                Duration.ofMillis(millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1)));
    }

    @Override
    public void start() {
        running.set(
                Mono.defer(this::session).then(Mono.defer(this::pause)).repeat().subscribe());
    }

    @Override
    public void stop() {
        Disposable feed = running.getAndSet(null);
        if (feed != null) {
            feed.dispose();
        }
        connected = false;
    }

    @Override
    public boolean isRunning() {
        return running.get() != null;
    }

    /** Before the web server starts, after it has stopped. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE - 1024;
    }
}

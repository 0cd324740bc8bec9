package dev.perigee.home.edges;

import dev.perigee.home.database.ReportBoard;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Tells the other homes that this one lives and what it holds, every interval; soon after an edge has left, that it has; and
 * when this home goes. It is also how this home learns that an edge is no longer its own, should the feed not have told
 * it. Who comes is told of by the claim.
 */
final class FleetRenewal implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(FleetRenewal.class);

    /** Right after the streams have ended: no edge comes any more that would have to be told of. */
    private static final int PHASE = EdgeLifecycle.PHASE - 1;

    /** Sessions a statement: of a large fleet, whoever else wants the event loop or the database gets a turn in between. */
    private static final int BATCH = 500;

    /** How often while a console is open at another home, and up to how many edges. */
    private static final Duration WHEN_WATCHED = Duration.ofSeconds(1);

    private static final int MOST_WHEN_WATCHED = 200;

    private static final Duration LEAST_PAUSE = Duration.ofMillis(50);
    private static final Duration LEAVE_TIMEOUT = Duration.ofMillis(800);

    private final EdgeRegistry registry;
    private final FleetStore store;
    private final HomeView home;
    private final Duration interval;
    private final Wakeups progress;
    private final ReportBoard board;
    private final Wakeups soon = new Wakeups();
    /** Whether the next renewal is of everything, or only of what has left. */
    private final AtomicBoolean everything = new AtomicBoolean();

    private volatile Sinks.Empty<Void> stopping = Sinks.empty();
    private volatile Sinks.Empty<Void> left = Sinks.empty();
    private volatile boolean running;
    private volatile boolean troubleLogged;
    /** Up to where somebody waits for acknowledgements. */
    private final Sinks.Many<Long> awaited = Sinks.many().multicast().directBestEffort();

    FleetRenewal(
            EdgeRegistry registry,
            FleetStore store,
            HomeView home,
            Duration interval,
            Wakeups progress,
            ReportBoard board) {
        this.registry = registry;
        this.store = store;
        this.home = home;
        this.interval = interval;
        this.progress = progress;
        this.board = board;
        registry.onChange(soon::wake);
    }

    /**
     * A manual invalidation was decoded: whoever has asked for it may wait for every edge to acknowledge it, and is told
     * at once when all have.
     */
    void invalidated(long version) {
        awaited.tryEmitNext(version);
    }

    private Mono<Boolean> confirmed(long version) {
        return Flux.merge(progress.flux(), Mono.just(Wakeups.LOOK))
                .filter(look -> registry.sessions().stream().allMatch(session -> session.confirmed(version)))
                .next();
    }

    private Mono<Void> renew(List<EdgeSession> held) {
        Map<String, Long> departed = registry.takeDeparted();
        int batches = Math.max(1, (held.size() + BATCH - 1) / BATCH);
        return Flux.range(0, batches)
                .concatMap(
                        n -> renew(
                                held.subList(n * BATCH, Math.min(held.size(), (n + 1) * BATCH)),
                                n == 0 ? departed : Map.of()),
                        1)
                .then();
    }

    private Mono<Void> renew(List<EdgeSession> held, Map<String, Long> departed) {
        return Mono.defer(() -> {
            long now = System.nanoTime();
            return store.renew(
                            home.now(),
                            held.stream().map(session -> session.sighting(now)).toList(),
                            departed)
                    .doOnNext(ours -> held.stream()
                            .filter(session -> !ours.contains(session.edgeId()))
                            .forEach(session -> registry.claimed(session.edgeId(), session.generation() + 1)))
                    .doOnError(error -> departed.forEach(registry::departedStill))
                    .then();
        });
    }

    private Mono<Void> attempt() {
        return Mono.defer(() -> renew(everything.getAndSet(false) ? registry.sessions() : List.of()))
                .doOnSuccess(done -> troubleLogged = false)
                .onErrorResume(error -> {
                    if (!troubleLogged) {
                        log.warn("This home's edges cannot be told to the other homes: {}", error.toString());
                        troubleLogged = true;
                    }
                    return Mono.empty();
                })
                .then(Mono.delay(LEAST_PAUSE).takeUntilOther(stopping.asMono()))
                .then();
    }

    @Override
    public void start() {
        Sinks.Empty<Void> end = Sinks.empty();
        stopping = Sinks.empty();
        left = end;
        running = true;
        awaited.asFlux()
                .onBackpressureLatest()
                .switchMap(this::confirmed)
                .takeUntilOther(stopping.asMono())
                .subscribe(all -> {
                    everything.set(true);
                    soon.wake();
                });
        Flux<Long> watched = Flux.interval(WHEN_WATCHED)
                .filter(tick -> board.watchedElsewhere() && registry.size() <= MOST_WHEN_WATCHED);
        Flux<Boolean> due = Flux.merge(Flux.interval(Duration.ZERO, interval), watched)
                .map(tick -> {
                    everything.set(true);
                    return Wakeups.LOOK;
                });
        Flux.merge(due, soon.flux())
                .takeUntilOther(stopping.asMono())
                .onBackpressureLatest()
                .concatMap(look -> attempt(), 1)
                .then(Mono.defer(this::leave))
                .subscribe(nothing -> {}, error -> log.error("Renewals have ended", error), end::tryEmitEmpty);
    }

    private Mono<Void> leave() {
        return store.leave()
                .timeout(LEAVE_TIMEOUT)
                .doOnError(error -> log.info("This home's rows are left to expire: {}", error.toString()))
                .onErrorComplete();
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    /** A renewal under way is finished first: it would put back what leaving takes out. */
    @Override
    public void stop(Runnable callback) {
        stopping.tryEmitEmpty();
        running = false;
        left.asMono()
                .timeout(LEAVE_TIMEOUT.multipliedBy(2), Mono.empty())
                .subscribe(nothing -> {}, error -> {}, callback);
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

package dev.perigee.home.database;

import dev.perigee.web.WireJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.core.JacksonException;

/**
 * In {@code perigee.report}, which is not in the WAL: one statement a second, which writes nothing unless somebody looks.
 */
public final class SqlReportBoard implements ReportBoard, SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(SqlReportBoard.class);

    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Duration LEAVE_TIMEOUT = Duration.ofSeconds(1);
    private static final int TICKS_PER_CLEARANCE = 60;
    private static final String WATCHING = "watching";

    private static final String EXCHANGE = """
            WITH given AS (
              SELECT * FROM unnest($2::text[], $3::text[]) AS given(part, body)
            ), own AS (
              INSERT INTO perigee.report AS r (part, home_id, body, seen_at)
              SELECT part, $1, body, clock_timestamp() FROM given ORDER BY part
              ON CONFLICT (part, home_id) DO UPDATE SET body = excluded.body, seen_at = excluded.seen_at
            ), expired AS (
              DELETE FROM perigee.report
               WHERE $4::boolean AND seen_at < clock_timestamp() - interval '2 minutes'
                 AND NOT (home_id = $1 AND part IN (SELECT part FROM given))
            )
            SELECT EXISTS (SELECT FROM perigee.report WHERE part = 'watching' AND home_id <> $1
                              AND seen_at >= clock_timestamp() - interval '4 s')""";

    private static final String READ = """
            SELECT body, home_id, floor(extract(epoch FROM clock_timestamp() - seen_at) * 1000)::int
              FROM perigee.report
             WHERE part = $1 AND home_id <> $2 AND seen_at >= clock_timestamp() - interval '2 minutes'
             ORDER BY home_id""";

    private static final String LEAVE = "DELETE FROM perigee.report WHERE home_id = $1";

    private final ControlConnections connections;
    private final String homeId;
    private final AtomicInteger watchers = new AtomicInteger();
    private final List<Offer> offers = new CopyOnWriteArrayList<>();
    private Map<String, Object> posted = new HashMap<>();
    private volatile boolean watchedElsewhere;
    private volatile Disposable exchanging = Disposables.disposed();
    private volatile boolean troubleLogged;

    private record Offer(String part, int seconds, Supplier<?> body) {}

    /** Of the home with this name. */
    public SqlReportBoard(ControlConnections connections, String homeId) {
        this.connections = connections;
        this.homeId = homeId;
    }

    @Override
    public void watch() {
        watchers.incrementAndGet();
    }

    @Override
    public void unwatch() {
        watchers.decrementAndGet();
    }

    @Override
    public boolean watchedElsewhere() {
        return watchedElsewhere;
    }

    @Override
    public synchronized void post(String part, Object body) {
        if (watchedElsewhere) {
            posted.put(part, body);
        }
    }

    private synchronized Map<String, Object> takePosted() {
        Map<String, Object> taken = posted;
        posted = new HashMap<>();
        return taken;
    }

    @Override
    public void offer(String part, int seconds, Supplier<?> body) {
        offers.add(new Offer(part, seconds, body));
    }

    @Override
    public <T> Mono<List<Posted<T>>> read(String part, Class<T> type) {
        return connections
                .with(connection -> Sql.query(
                                connection,
                                READ,
                                row -> body(Sql.text(row, 0), type)
                                        .map(body -> new Posted<>(Sql.text(row, 1), Sql.number(row, 2), body)),
                                part,
                                homeId)
                        .filter(Optional::isPresent)
                        .map(Optional::get)
                        .collectList())
                .onErrorReturn(List.of());
    }

    /** A home of another release may have written it; what cannot be read is passed over. */
    private static <T> Optional<T> body(String json, Class<T> type) {
        try {
            return Optional.of(WireJson.tolerant().readValue(json, type));
        } catch (JacksonException | IllegalArgumentException unreadable) {
            log.debug("A report of another home cannot be read", unreadable);
            return Optional.empty();
        }
    }

    private Mono<Boolean> exchange(long tick) {
        return Mono.fromCallable(() -> toWrite(tick))
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(rows -> connections.with(connection -> Sql.query(
                                connection,
                                EXCHANGE,
                                row -> Sql.flag(row, 0),
                                homeId,
                                rows.keySet().toArray(new String[0]),
                                rows.values().toArray(new String[0]),
                                tick % TICKS_PER_CLEARANCE == 0)
                        .next()))
                .doOnNext(watched -> troubleLogged = false)
                .onErrorResume(error -> {
                    if (!troubleLogged) {
                        log.warn("Consoles of other homes are shown nothing of this one: {}", error.toString());
                        troubleLogged = true;
                    }
                    return Mono.just(false);
                })
                .doOnNext(watched -> watchedElsewhere = watched);
    }

    private Map<String, String> toWrite(long tick) {
        Map<String, Object> bodies = takePosted();
        if (watchers.get() > 0) {
            bodies.put(WATCHING, true);
        }
        List<Offer> due = new ArrayList<>(offers);
        due.removeIf(offer -> !watchedElsewhere || tick % offer.seconds != 0);
        due.forEach(offer -> bodies.put(offer.part, offer.body.get()));
        Map<String, String> rows = new HashMap<>();
        bodies.forEach((part, body) -> rows.put(part, WireJson.mapper().writeValueAsString(body)));
        return rows;
    }

    @Override
    public void start() {
        exchanging = Flux.interval(INTERVAL)
                .onBackpressureDrop()
                .concatMap(this::exchange, 1)
                .subscribe(any -> {}, error -> log.error("Homes tell each other nothing any more", error));
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public void stop(Runnable callback) {
        exchanging.dispose();
        connections
                .with(connection ->
                        Sql.query(connection, LEAVE, row -> true, homeId).then())
                .timeout(LEAVE_TIMEOUT, Mono.empty())
                .onErrorComplete()
                .doFinally(end -> callback.run())
                .subscribe();
    }

    @Override
    public boolean isRunning() {
        return !exchanging.isDisposed();
    }
}

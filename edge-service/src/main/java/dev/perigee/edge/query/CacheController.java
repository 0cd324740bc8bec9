package dev.perigee.edge.query;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Statements;
import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.HomeLink;
import dev.perigee.edge.link.Homes;
import dev.perigee.edge.link.LinkView;
import dev.perigee.model.EdgeReport;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The administration of the cache. What walks the cache does so off the event loops. */
@RestController
class CacheController {

    private static final int MOST_ENTRIES = 1000;
    private static final int MOST_MARKS = 20;

    private final ResultCache cache;
    private final Statements statements;
    private final Watermarks watermarks;
    private final Traffic traffic;
    private final HomeLink link;
    private final Homes homes;
    private final Ticker ticker;
    private final ConsistencyMetrics consistency;

    CacheController(
            ResultCache cache,
            Statements statements,
            Watermarks watermarks,
            Traffic traffic,
            HomeLink link,
            Homes homes,
            Ticker ticker,
            ConsistencyMetrics consistency) {
        this.cache = cache;
        this.statements = statements;
        this.watermarks = watermarks;
        this.traffic = traffic;
        this.link = link;
        this.homes = homes;
        this.ticker = ticker;
        this.consistency = consistency;
    }

    @GetMapping("/api/cache")
    Mono<CacheReport> report() {
        return Mono.fromSupplier(() -> {
                    LinkView view = link.view();
                    Long stalenessMs = view.stalenessMs(ticker.read());
                    return new CacheReport(
                            traffic.stats(stalenessMs),
                            cache.refused(),
                            cache.swept(),
                            statements.size(),
                            fence(),
                            link(view, stalenessMs),
                            consistency.report());
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    @DeleteMapping("/api/cache")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> purge(@RequestParam MultiValueMap<String, String> given) {
        // A misspelt parameter must not empty the whole cache.
        if (!Set.of("table").containsAll(given.keySet())) {
            return Mono.error(new ProblemException(ProblemCode.INVALID_REQUEST, "the only parameter is table"));
        }
        List<String> tables = given.getOrDefault("table", List.of());
        String table = tables.isEmpty() ? null : tables.get(0);
        if (tables.size() > 1 || (table != null && table.isBlank())) {
            return Mono.error(
                    new ProblemException(ProblemCode.INVALID_REQUEST, "table must be given once and not be empty"));
        }
        return Mono.<Void>fromRunnable(() -> {
                    if (table == null) {
                        statements.purge();
                        cache.purge();
                    } else {
                        cache.purge(table);
                    }
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    @GetMapping("/api/cache/entries")
    Mono<List<CacheReport.Entry>> entries(
            @RequestParam(defaultValue = "20") int limit, @RequestParam(defaultValue = "size") String sort) {
        if (limit < 1 || limit > MOST_ENTRIES) {
            return Mono.error(new ProblemException(ProblemCode.INVALID_REQUEST, "limit must be 1 to " + MOST_ENTRIES));
        }
        Comparator<ResultCache.Entry> order;
        if ("size".equals(sort)) {
            order = Comparator.comparingLong(ResultCache.Entry::bytes).reversed();
        } else if ("hits".equals(sort)) {
            order = Comparator.comparingLong(
                            (ResultCache.Entry entry) -> entry.result().hits())
                    .reversed();
        } else {
            return Mono.error(new ProblemException(ProblemCode.INVALID_REQUEST, "sort must be size or hits"));
        }
        return Mono.fromSupplier(() ->
                        cache.top(limit, order).stream().map(this::describe).toList())
                .subscribeOn(Schedulers.boundedElastic());
    }

    private CacheReport.Entry describe(ResultCache.Entry entry) {
        long now = ticker.read();
        return new CacheReport.Entry(
                EdgeReport.cut(entry.key().sql()),
                entry.key().paramCount(),
                entry.result().tables(),
                entry.result().readAt().toString(),
                Duration.ofNanos(entry.result().age(now)).toMillis(),
                Duration.ofNanos(entry.result().ttlLeft(now)).toMillis(),
                entry.bytes(),
                entry.result().hits(),
                cache.isCurrent(entry.result()));
    }

    private CacheReport.Fence fence() {
        String epoch = watermarks.epoch();
        return new CacheReport.Fence(
                epoch,
                epoch == null ? null : watermarks.highest(List.of()),
                watermarks.size(),
                watermarks.latest(MOST_MARKS));
    }

    private CacheReport.Link link(LinkView view, @Nullable Long stalenessMs) {
        return new CacheReport.Link(
                view.status().name().toLowerCase(Locale.ROOT),
                homes.current(),
                view.homeId(),
                view.generation(),
                text(view.cursor()),
                text(view.completeTo()),
                stalenessMs,
                view.eligibility(),
                view.lastError());
    }

    private static @Nullable String text(@Nullable StreamPosition position) {
        return position == null ? null : position.toString();
    }
}

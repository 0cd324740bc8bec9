package dev.perigee.edge.query;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.LinkView;
import dev.perigee.edge.query.HomeAnswer.Stamp;
import dev.perigee.edge.query.ResultComparison.Outcome;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Compares a result that was served from memory with what home says at the same version. Thread-safe.
 *
 * <p>The result contains every commit up to {@code readAt}. Home runs the statement anew and then reads a position
 * {@code upper} that no commit its snapshot saw is above. Once the edge has every change up to {@code upper}, and no
 * watermark of the tables has risen above {@code readAt}, no commit between the two touched them: both were read from the
 * same rows, and must be the same. If a watermark has risen, the two are of different versions, and nothing is shown.
 *
 * <p>What home answers here is never kept: it would take the place of the very result that is in doubt.
 *
 * <p>If the two differ, home is asked once more, under the same condition. Only if it says the same again is it a
 * violation: the result is dropped, and what is logged are the statement, versions and digests, no rows or parameters.
 */
final class HomeComparison {

    private static final Logger log = LoggerFactory.getLogger(HomeComparison.class);

    private static final String QUERY = "/api/query?read_before=true";
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MOST_SQL = 1000;

    private final HomeClient home;
    private final ResultCache cache;
    private final Watermarks watermarks;
    private final Supplier<LinkView> link;
    private final Scheduler timer;
    private final Scheduler worker;
    private final Digests digests = new Digests();

    /** A hit that is being compared. */
    private record Sample(Read read, CachedResult served, long ticket) {}

    /** What home said, once it is comparable; or why it is not. */
    private record Reading(
            @Nullable HomeAnswer answer, @Nullable StreamPosition upper, Verdict verdict) {
        static Reading none(Verdict why) {
            return new Reading(null, null, why);
        }
    }

    /**
     * Compares.
     *
     * @param timer to wait on for the edge to come to where home is
     * @param worker where answers may be taken apart
     */
    HomeComparison(
            HomeClient home,
            ResultCache cache,
            Watermarks watermarks,
            Supplier<LinkView> link,
            Scheduler timer,
            Scheduler worker) {
        this.home = home;
        this.cache = cache;
        this.watermarks = watermarks;
        this.link = link;
        this.timer = timer;
        this.worker = worker;
    }

    /** Compares a hit; an error if home cannot be asked. */
    Mono<Verdict> of(Read read, CachedResult served) {
        return Mono.defer(() -> {
            Sample sample = new Sample(read, served, cache.ticket());
            return read(sample).flatMap(first -> judge(sample, first));
        });
    }

    private Mono<Verdict> judge(Sample sample, Reading first) {
        HomeAnswer answer = first.answer();
        if (answer == null) {
            return Mono.just(first.verdict());
        }
        String sql = sample.read().key().sql();
        Outcome outcome = ResultComparison.compare(sql, sample.served().body(), answer.body());
        return switch (outcome) {
            case SAME -> Mono.just(Verdict.AGREED);
            case CLOSE -> Mono.just(Verdict.FLOAT);
            case UNREADABLE -> Mono.just(Verdict.UNREADABLE);
            case DIFFERENT ->
                ResultComparison.isUndetermined(sql)
                        ? Mono.just(Verdict.UNDETERMINED)
                        : read(sample).map(second -> confirm(sample, answer, second));
        };
    }

    private Verdict confirm(Sample sample, HomeAnswer first, Reading second) {
        HomeAnswer answer = second.answer();
        if (answer == null) {
            return second.verdict();
        }
        String sql = sample.read().key().sql();
        if (ResultComparison.compare(sql, first.body(), answer.body()) != Outcome.SAME) {
            return Verdict.UNSTABLE;
        }
        cache.drop(sample.read().key(), sample.served());
        log.warn(
                "A hit was not what home says at the same version. Served: read at {}, digest {}. Home: read before {},"
                        + " digest {}. Tables {}. Statement: {}",
                sample.served().readAt(),
                digests.of(sample.served().body()),
                second.upper(),
                digests.of(answer.body()),
                sample.served().tables(),
                printable(sql));
        return Verdict.VIOLATED;
    }

    /** Asks home, and waits until its answer can be compared with the sample or it is clear that it cannot. */
    private Mono<Reading> read(Sample sample) {
        return home.send(QUERY, sample.read().body().bytes(), null, true).flatMap(answer -> {
            StreamPosition upper = answer.readBefore();
            if (answer.stamp() == null || upper == null) {
                return Mono.just(Reading.none(Verdict.UNANSWERED));
            }
            return caughtUp(sample, upper)
                    .publishOn(worker)
                    .map(ready -> ready == Verdict.AGREED ? comparable(sample, answer, upper) : Reading.none(ready));
        });
    }

    /** {@code AGREED} once every change up to there is known here; otherwise why there is no use in waiting. */
    private Mono<Verdict> caughtUp(Sample sample, StreamPosition upper) {
        return Mono.defer(() -> Mono.justOrEmpty(whetherCaughtUp(sample, upper)))
                .repeatWhenEmpty(tries -> tries.take(PATIENCE.dividedBy(POLL)).delayElements(POLL, timer))
                .defaultIfEmpty(Verdict.BEHIND);
    }

    private @Nullable Verdict whetherCaughtUp(Sample sample, StreamPosition upper) {
        // The link first: what it calls complete is in the watermarks by the time they are looked at.
        StreamPosition completeTo = link.get().completeTo();
        if (!upper.epoch().equals(sample.served().epoch())) {
            return Verdict.EPOCH;
        }
        if (!watermarks.serves(sample.served())) {
            return completeTo == null || completeTo.epoch().equals(upper.epoch()) ? Verdict.CHANGED : Verdict.EPOCH;
        }
        return completeTo != null && completeTo.epoch().equals(upper.epoch()) && completeTo.version() >= upper.version()
                ? Verdict.AGREED
                : null;
    }

    private Reading comparable(Sample sample, HomeAnswer answer, StreamPosition upper) {
        Stamp stamp = answer.stamp();
        if (cache.ticket() != sample.ticket()) {
            return Reading.none(Verdict.PURGED);
        }
        // Home may by now read other tables for the same statement: those must not have changed either.
        if (stamp == null || !watermarks.passes(sample.served().readAt(), stamp.tables())) {
            return Reading.none(Verdict.CHANGED);
        }
        return new Reading(answer, upper, Verdict.AGREED);
    }

    /** One line, cut: a statement is somebody else's text. */
    private static String printable(String sql) {
        String line = sql.replaceAll("\\p{Cntrl}+", " ");
        return line.length() <= MOST_SQL ? line : line.substring(0, MOST_SQL) + "…";
    }
}

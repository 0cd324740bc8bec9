package dev.perigee.edge.query;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Statements;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.edge.link.LinkView;
import dev.perigee.edge.query.CacheStatus.Forward;
import dev.perigee.edge.query.Forwarding.Outcome;
import dev.perigee.model.Interest;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.MinVersion;
import dev.perigee.web.ProblemException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The way of a statement: from memory if everything allows it, otherwise to home; and every answer says which and why.
 * Thread-safe.
 *
 * <p>The order of looking matters. First the link's view, then the watermarks: what the view calls complete has reached
 * the watermarks by then, so a result that passes them contains everything up to there, and the version and age we put
 * on it hold.
 */
final class QueryService {

    private static final int MOST_ATTEMPTS = 3;

    private final Supplier<LinkView> link;
    private final ResultCache cache;
    private final Statements statements;
    private final Watermarks watermarks;
    private final Forwarding forwarding;
    private final SingleFlight<Outcome> flights = new SingleFlight<>();
    private final LinkProperties policy;
    private final Interest interest;
    private final QueryMetrics metrics;
    private final CacheStatus status;
    private final Ticker ticker;
    private final InstantSource wallClock;
    private final HitListener hits;

    /** Why a read cannot be answered from memory. */
    private enum Reason {
        INELIGIBLE(Forward.BYPASS),
        NOT_LINKED(Forward.BYPASS),
        OUTSIDE_INTEREST(Forward.BYPASS),
        NO_CACHE(Forward.REQUEST),
        ABSENT(Forward.URI_MISS),
        INVALIDATED(Forward.STALE),
        MIN_VERSION(Forward.REQUEST),
        MAX_AGE(Forward.REQUEST),
        TOO_STALE(Forward.STALE);

        private final Forward forward;
        private final String detail = name().toLowerCase(Locale.ROOT).replace('_', '-');

        Reason(Forward forward) {
            this.forward = forward;
        }
    }

    QueryService(
            Supplier<LinkView> link,
            ResultCache cache,
            Statements statements,
            Watermarks watermarks,
            Forwarding forwarding,
            LinkProperties policy,
            QueryMetrics metrics,
            Ticker ticker,
            InstantSource wallClock,
            HitListener hits) {
        this.link = link;
        this.cache = cache;
        this.statements = statements;
        this.watermarks = watermarks;
        this.forwarding = forwarding;
        this.policy = policy;
        this.interest = policy.tables();
        this.metrics = metrics;
        this.status = new CacheStatus(policy.edgeId());
        this.ticker = ticker;
        this.wallClock = wallClock;
        this.hits = hits;
    }

    /** Answers a statement; never with an error signal for anything that can be told to the client. */
    Mono<Reply> query(Read read) {
        return query(read, 1);
    }

    /** Answers a transaction. */
    Mono<Reply> transaction(byte[] body, @Nullable MinVersion minVersion) {
        metrics.bypass("transaction");
        return forwarding
                .transaction(body, minVersion)
                .map(answer -> Reply.forwarded(
                        answer, status.forwarded(Forward.BYPASS, answer.status(), false, false, "transaction")))
                .onErrorResume(
                        ProblemException.class,
                        problem -> Mono.just(Reply.problem(
                                problem, status.forwarded(Forward.BYPASS, 0, false, false, "transaction"))));
    }

    /** What there is in memory for a read, and what speaks against serving it. */
    private record Look(
            LinkView view,
            @Nullable StreamPosition completeTo,
            @Nullable CachedResult found,
            Instant shown,
            long now,
            @Nullable Reason reason) {}

    private Look look(Read read) {
        LinkView view = link.get();
        StreamPosition completeTo = view.completeTo();
        CachedResult found = !view.eligibility().enabled()
                        || completeTo == null
                        || read.control().noCache()
                ? null
                : cache.find(read.key());
        // After them: if the process was frozen in between, that counts as staleness too. And the time shown before it.
        Instant shown = wallClock.instant();
        long now = ticker.read();
        Reason reason = completeTo == null ? Reason.NOT_LINKED : judge(read, found, view, completeTo, now);
        return new Look(view, completeTo, found, shown, now, reason);
    }

    /** Answers from memory, if that may be done now; otherwise gives null and has changed nothing. */
    @Nullable
    Hit hit(Read read) {
        return serve(read, look(read));
    }

    private @Nullable Hit serve(Read read, Look look) {
        CachedResult found = look.found();
        StreamPosition completeTo = look.completeTo();
        if (look.reason() != null || found == null || completeTo == null) {
            return null;
        }
        metrics.hit();
        found.countHit();
        hits.served(read, found);
        return hit(found, look.view(), completeTo, look.shown(), look.now(), 0, null);
    }

    private Mono<Reply> query(Read read, int attempt) {
        Look look = look(read);
        Hit hit = serve(read, look);
        if (hit != null) {
            return Mono.just(Reply.hit(hit));
        }
        CachedResult found = look.found();
        Reason reason = look.reason();
        if (reason == Reason.INVALIDATED && found != null) {
            cache.drop(read.key(), found);
        }
        Statements.Decision decision = statements.find(read.key().sql());
        boolean outside = decision != null && !interest.coversAll(decision.tables());
        Reason why = reason == null ? Reason.ABSENT : reason;
        if (!look.view().eligibility().enabled()) {
            why = Reason.INELIGIBLE;
        } else if (outside) {
            why = Reason.OUTSIDE_INTEREST;
        }
        if (read.control().onlyIfCached()) {
            metrics.bypass("only-if-cached");
            return Mono.just(Reply.problem(
                    new ProblemException(
                            ProblemCode.NOT_CACHED, "There is no answer in memory that may be served: " + why.detail),
                    status.refused(why.detail)));
        }
        if (why == Reason.TOO_STALE && policy.whenStale() == WhenStale.REFUSE) {
            metrics.bypass("refused");
            return Mono.just(Reply.problem(
                    new ProblemException(
                            ProblemCode.TOO_STALE, "The edge is further behind than perigee.edge.max-staleness."),
                    status.refused(why.detail)));
        }
        return ask(read, why, found, decision, look.completeTo(), look.now(), attempt);
    }

    /** Why what was found may not be served, or null if it may. */
    private @Nullable Reason judge(
            Read read, @Nullable CachedResult found, LinkView view, StreamPosition completeTo, long now) {
        if (read.control().noCache()) {
            return Reason.NO_CACHE;
        }
        if (found == null) {
            return Reason.ABSENT;
        }
        if (!cache.isCurrent(found) || !found.epoch().equals(completeTo.epoch())) {
            return Reason.INVALIDATED;
        }
        if (!read.isSatisfiedBy(found, completeTo)) {
            return Reason.MIN_VERSION;
        }
        long staleness = view.staleness(now);
        if (staleness > policy.maxStaleness().toNanos()) {
            return Reason.TOO_STALE;
        }
        return staleness > bound(read) ? Reason.MAX_AGE : null;
    }

    private Mono<Reply> ask(
            Read read,
            Reason why,
            @Nullable CachedResult found,
            Statements.@Nullable Decision decision,
            @Nullable StreamPosition completeTo,
            long now,
            int attempt) {
        // What was kept was a read. Nothing has been heard since that could have made it anything else.
        boolean readOnly = decision != null || (found != null && cache.isCurrent(found));
        CacheControl control = read.control();
        // Of a table outside our interest there is no watermark to tell whether a flight suits.
        boolean shared = why.forward != Forward.BYPASS && !control.noCache() && !control.noStore();
        if (decision == null || completeTo == null || !shared || attempt >= MOST_ATTEMPTS) {
            return forwarding
                    .query(read, readOnly, why != Reason.INELIGIBLE)
                    .map(outcome -> reply(outcome, why, false))
                    .onErrorResume(ProblemException.class, problem -> Mono.just(failed(why, problem)))
                    .map(reply -> insteadOf(reply, read));
        }
        SingleFlight.Terms terms = new SingleFlight.Terms(
                now, watermarks.highest(decision.tables()), completeTo, bound(read), read.minVersion());
        return flights.fly(read.key(), terms, () -> forwarding.query(read, true, true))
                .flatMap(arrival -> {
                    if (arrival.joined() && !suits(arrival.answer(), read)) {
                        return query(read, attempt + 1);
                    }
                    return Mono.just(insteadOf(reply(arrival.answer(), why, arrival.joined()), read));
                })
                .onErrorResume(ProblemException.class, problem -> Mono.just(insteadOf(failed(why, problem), read)));
    }

    /** Whether what another read's flight brought may be given to this one. */
    private boolean suits(Outcome outcome, Read read) {
        CachedResult result = outcome.result();
        if (result == null || outcome.outside()) {
            // An error, or no longer a read that may be kept, or never one: to each its own.
            return false;
        }
        MinVersion minVersion = read.minVersion();
        return minVersion == null || minVersion.coveredBy(result.readAt()) || cache.isCurrent(result);
    }

    private Reply reply(Outcome outcome, Reason why, boolean joined) {
        HomeAnswer answer = outcome.answer();
        String bypassed = whyBypassed(outcome, why);
        boolean refused = outcome.result() != null && !outcome.stored();
        String detail = why == Reason.ABSENT ? refused ? "not-stored" : null : why.detail;
        if (bypassed == null) {
            count(why);
            if (joined) {
                metrics.joined();
            }
        } else {
            metrics.bypass(bypassed);
        }
        Reply reply = Reply.forwarded(
                answer,
                status.forwarded(
                        bypassed == null ? why.forward : Forward.BYPASS,
                        answer.status(),
                        outcome.stored() && !joined,
                        joined,
                        bypassed == null ? detail : bypassed));
        CachedResult result = outcome.result();
        if (result != null) {
            // Home read it after it was asked: it lacks no commit from before that.
            Instant shown = wallClock.instant();
            Duration age = Duration.ofNanos(result.age(ticker.read()));
            reply.asOf(age.toSeconds(), shown.minus(age));
        }
        return reply;
    }

    /** Why the statement was none for the cache, whatever is in it; null if it was one. */
    private static @Nullable String whyBypassed(Outcome outcome, Reason why) {
        String cacheability = outcome.answer().cacheability();
        if (why == Reason.INELIGIBLE) {
            return why.detail;
        }
        if (cacheability != null && !PerigeeHeaders.CACHEABLE.equals(cacheability)) {
            return cacheability;
        }
        return outcome.outside() ? Reason.OUTSIDE_INTEREST.detail : null;
    }

    private Reply failed(Reason why, ProblemException problem) {
        count(why);
        return Reply.problem(
                problem,
                status.forwarded(why.forward, 0, false, false, problem.code().code()));
    }

    private void count(Reason why) {
        if (why.forward == Forward.URI_MISS || why.forward == Forward.STALE) {
            metrics.miss(why.detail);
        } else {
            metrics.bypass(why.detail);
        }
    }

    /** If home failed, what is in memory may do, as far as request and configuration allow it to be behind. */
    private Reply insteadOf(Reply reply, Read read) {
        int code = reply.status();
        if (code != 502 && code != 503 && code != 504) {
            return reply;
        }
        LinkView view = link.get();
        StreamPosition completeTo = view.completeTo();
        CachedResult found = cache.find(read.key());
        Instant shown = wallClock.instant();
        long now = ticker.read();
        long allowed = staleIfError(read);
        if (completeTo == null
                || found == null
                || allowed <= 0
                || read.control().noCache()
                || !cache.isCurrent(found)
                || !found.epoch().equals(completeTo.epoch())
                || !read.isSatisfiedBy(found, completeTo)) {
            return reply;
        }
        long over = view.staleness(now) - bound(read);
        if (over > allowed) {
            return reply;
        }
        metrics.staleHit();
        found.countHit();
        return Reply.hit(hit(found, view, completeTo, shown, now, Math.max(0, over), "stale-if-error"));
    }

    private Hit hit(
            CachedResult found,
            LinkView view,
            StreamPosition completeTo,
            Instant shown,
            long now,
            long over,
            @Nullable String detail) {
        Duration staleness = Duration.ofNanos(view.staleness(now));
        StreamPosition version = found.readAt().version() >= completeTo.version() ? found.readAt() : completeTo;
        long ttl = over > 0
                ? -Duration.ofNanos(over).toSeconds()
                : Duration.ofNanos(found.ttlLeft(now)).toSeconds();
        return new Hit(found, version, staleness.toSeconds(), shown.minus(staleness), status.hit(ttl, detail));
    }

    /** How far behind an answer from memory may be, nanoseconds. */
    private long bound(Read read) {
        long configured = policy.maxStaleness().toNanos();
        Long maxAge = read.control().maxAge();
        return maxAge == null
                ? configured
                : Math.min(configured, Duration.ofSeconds(maxAge).toNanos());
    }

    private long staleIfError(Read read) {
        Long asked = read.control().staleIfError();
        return asked == null
                ? policy.staleIfError().toNanos()
                : Duration.ofSeconds(asked).toNanos();
    }
}

package dev.perigee.edge.query;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.CachedResult;
import dev.perigee.edge.cache.QueryKey;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Statements;
import dev.perigee.edge.query.HomeAnswer.Stamp;
import dev.perigee.model.Interest;
import dev.perigee.web.MinVersion;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Asks home, and learns from its answers: what they say of the statement, and the result itself. Thread-safe. */
final class Forwarding {

    private static final String QUERY = "/api/query";
    private static final String TRANSACTION = "/api/transaction";

    private final HomeClient home;
    private final ResultCache cache;
    private final Statements statements;
    private final Duration defaultTtl;
    private final Interest interest;
    private final QueryMetrics metrics;
    private final Ticker ticker;

    /**
     * Home's answer and what became of it here.
     *
     * @param result it, if it may be kept
     * @param stored whether it was
     * @param outside whether it was read from a table outside our interest: nobody tells us when that changes
     */
    record Outcome(HomeAnswer answer, @Nullable CachedResult result, boolean stored, boolean outside) {}

    Forwarding(
            HomeClient home,
            ResultCache cache,
            Statements statements,
            Duration defaultTtl,
            Interest interest,
            QueryMetrics metrics,
            Ticker ticker) {
        this.home = home;
        this.cache = cache;
        this.statements = statements;
        this.defaultTtl = defaultTtl;
        this.interest = interest;
        this.metrics = metrics;
        this.ticker = ticker;
    }

    /**
     * Sends a statement on.
     *
     * @param readOnly whether it is known to be a read
     * @param keep whether its result may be kept
     */
    Mono<Outcome> query(Read read, boolean readOnly, boolean keep) {
        return Mono.defer(() -> {
            long ticket = cache.ticket();
            long askedAt = ticker.read();
            return timed(home.send(QUERY, read.body().bytes(), read.minVersion(), readOnly))
                    .map(answer -> learn(read, keep, ticket, askedAt, answer));
        });
    }

    /** Sends a transaction on. */
    Mono<HomeAnswer> transaction(byte[] body, @Nullable MinVersion minVersion) {
        return timed(home.send(TRANSACTION, body, minVersion, false));
    }

    private Mono<HomeAnswer> timed(Mono<HomeAnswer> asked) {
        return Mono.defer(() -> {
            long began = ticker.read();
            return asked.doOnSuccess(answer -> metrics.asked(ticker.read() - began, true))
                    .doOnError(failure -> metrics.asked(ticker.read() - began, false));
        });
    }

    private Outcome learn(Read read, boolean keep, long ticket, long askedAt, HomeAnswer answer) {
        QueryKey key = read.key();
        Stamp stamp = answer.stamp();
        if (stamp == null) {
            if (answer.cacheability() != null) {
                statements.forget(key.sql());
            }
            return new Outcome(answer, null, false, false);
        }
        statements.learn(key.sql(), new Statements.Decision(stamp.tables(), stamp.readAt()));
        Duration ttl = answer.ttl();
        CachedResult result = new CachedResult(
                answer.body(),
                stamp.contentType(),
                stamp.tables(),
                stamp.tablesHeader(),
                stamp.readAt(),
                askedAt,
                ttl == null ? defaultTtl : ttl);
        boolean outside = !interest.coversAll(stamp.tables());
        boolean stored = keep
                && !outside
                && !read.control().noStore()
                && !Duration.ZERO.equals(ttl)
                && cache.admit(ticket, key, result);
        return new Outcome(answer, result, stored, outside);
    }
}

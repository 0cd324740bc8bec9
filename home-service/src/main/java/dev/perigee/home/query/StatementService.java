package dev.perigee.home.query;

import dev.perigee.home.database.Sql;
import dev.perigee.home.wal.VisibilityGate;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.StatementAnswer;
import dev.perigee.model.StatementRequest;
import dev.perigee.model.StreamPosition;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolBuilder;
import reactor.pool.PooledRef;

/**
 * Says of statements that run in sessions elsewhere whether their results may be kept. Thread-safe.
 *
 * <p>What an edge does with the answer is safe by the same fence as everything else: the position goes out that was visible
 * before the decision was looked up or made, so that a change of the catalog which the decision may lack is above it.
 */
final class StatementService {

    private final Sessions sessions;
    private final StatementAnalyzer analyzer;
    private final Decisions decisions;
    private final VisibilityGate gate;
    private final QueryProperties properties;
    private final TtlProperties ttl;
    private final QueryMetrics metrics;
    /** Without them a flood of new texts would take every connection, and edges' statements would wait behind it. */
    private final InstrumentedPool<Object> permits;

    /** Of home's own database, once a connection has told it. */
    private volatile @Nullable String database;

    StatementService(
            Sessions sessions,
            StatementAnalyzer analyzer,
            Decisions decisions,
            VisibilityGate gate,
            QueryProperties properties,
            TtlProperties ttl,
            QueryMetrics metrics) {
        this.sessions = sessions;
        this.analyzer = analyzer;
        this.decisions = decisions;
        this.gate = gate;
        this.properties = properties;
        this.ttl = ttl;
        this.metrics = metrics;
        this.permits = PoolBuilder.from(Mono.fromSupplier(Object::new))
                .sizeBetween(0, properties.maxAnalyses())
                .buildPool();
    }

    /** Looks the decision up, or makes it. */
    Mono<StatementAnswer> ask(StatementRequest request) {
        properties.requireLength(request.sql());
        return Mono.defer(() -> {
                    StreamPosition visible = gate.read();
                    StatementAnswer known = visible == null ? gateClosed() : atOnce(request, visible);
                    return known != null ? Mono.just(known) : analysis(request);
                })
                .doOnNext(answer -> metrics.asked(answer.cacheability()));
    }

    /** What takes no connection to answer, or null. */
    private @Nullable StatementAnswer atOnce(StatementRequest request, StreamPosition visible) {
        StatementKind kind = StatementKind.of(request.sql());
        if (kind != StatementKind.QUERY) {
            return refused(kind.reason(), visible);
        }
        String own = database;
        if (own != null && !own.equals(request.database())) {
            return refused(Reason.OTHER_DATABASE, visible);
        }
        Decision known = own == null ? null : decisions.find(key(request), visible);
        return known == null ? null : answer(known, visible);
    }

    private Mono<StatementAnswer> analysis(StatementRequest request) {
        return Mono.usingWhen(
                        permits.acquire(properties.acquireTimeout()).onErrorMap(SqlProblems::unavailable),
                        permit -> sessions.use(session -> analyze(session, request)),
                        PooledRef::release)
                .onErrorMap(error -> SqlProblems.of(error, false));
    }

    private Mono<StatementAnswer> analyze(Session session, StatementRequest request) {
        return database(session).flatMap(own -> {
            // Another request may have asked the same while this one was waiting; and time has passed.
            StreamPosition visible = gate.read();
            if (visible == null || !visible.epoch().equals(session.epoch().name())) {
                return Mono.just(gateClosed());
            }
            StatementAnswer known = atOnce(request, visible);
            return known != null ? Mono.just(known) : analyze(session, request, visible);
        });
    }

    private Mono<StatementAnswer> analyze(Session session, StatementRequest request, StreamPosition visible) {
        session.touch();
        return metrics.timedAnalysis(
                        "statement", analyzer.analyze(session.connection(), request.sql(), request.schemas()))
                .doOnNext(decision -> {
                    // What home's role may see changes without an event.
                    if (decision.reason() != Reason.SEARCH_PATH) {
                        decisions.remember(key(request), decision, visible);
                    }
                })
                .map(decision -> answer(decision, visible));
    }

    private Mono<String> database(Session session) {
        String known = database;
        return known != null
                ? Mono.just(known)
                : Sql.query(session.connection(), "SELECT pg_catalog.current_database()::text", row -> Sql.text(row, 0))
                        .single()
                        .doOnNext(name -> database = name);
    }

    private static Decisions.Key key(StatementRequest request) {
        return new Decisions.Key(request.schemas(), request.sql());
    }

    private StatementAnswer answer(Decision decision, StreamPosition visible) {
        if (!decision.isCacheable()) {
            return refused(Objects.requireNonNull(decision.reason()), visible);
        }
        Duration longest = ttl.least(decision.tables());
        return new StatementAnswer(
                PerigeeHeaders.CACHEABLE,
                decision.tables().stream().sorted().toList(),
                visible.toString(),
                longest == null ? null : longest.toMillis());
    }

    private static StatementAnswer refused(Reason reason, StreamPosition visible) {
        return new StatementAnswer(reason.code(), List.of(), visible.toString(), null);
    }

    private static StatementAnswer gateClosed() {
        return new StatementAnswer(Reason.GATE_CLOSED.code(), List.of(), null, null);
    }
}

package dev.perigee.home.query;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.VisibilityGate;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.model.TimeWords;
import dev.perigee.web.MinVersion;
import dev.perigee.web.ProblemException;
import dev.perigee.web.Spans;
import io.micrometer.common.KeyValues;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** Runs statements for edges and clients, and says what may be kept of the results. Thread-safe. */
final class QueryService {

    /** The database gets the first chance to end a statement that takes too long. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final Sessions sessions;
    private final StatementAnalyzer analyzer;
    private final Decisions decisions;
    private final QueryExecutor executor;
    private final TypeCatalog types;
    private final VisibilityGate gate;
    private final QueryProperties properties;
    private final TtlProperties ttl;
    private final QueryMetrics metrics;
    private final Spans spans;

    QueryService(
            Sessions sessions,
            StatementAnalyzer analyzer,
            Decisions decisions,
            VisibilityGate gate,
            InvalidationLog log,
            QueryProperties properties,
            TtlProperties ttl,
            QueryMetrics metrics,
            Spans spans) {
        this.sessions = sessions;
        this.analyzer = analyzer;
        this.decisions = decisions;
        this.executor = new QueryExecutor(properties.maxResultSize().toBytes(), properties.maxRows());
        this.types = new TypeCatalog(log);
        this.gate = gate;
        this.properties = properties;
        this.ttl = ttl;
        this.metrics = metrics;
        this.spans = spans;
    }

    /** Runs one statement. */
    Mono<Answer> query(QueryRequest request, @Nullable MinVersion minVersion) {
        return query(request, minVersion, false);
    }

    /**
     * Runs one statement.
     *
     * @param bounded whether to say of a read also what can not be in its result: that takes another round trip
     */
    Mono<Answer> query(QueryRequest request, @Nullable MinVersion minVersion, boolean bounded) {
        StatementKind kind = admit(request);
        Mono<Answer> answer = sessions.use(session -> require(session, minVersion)
                        .then(Mono.defer(() -> answer(session, request, kind, bounded)))
                        .onErrorMap(
                                ProblemException.class,
                                problem -> !session.isTouched() && SqlProblems.isLostConnection(problem)
                                        ? new LostConnection(problem)
                                        : problem))
                .retryWhen(Retry.max(1)
                        .filter(LostConnection.class::isInstance)
                        .onRetryExhaustedThrow((retry, signal) -> signal.failure()))
                .onErrorMap(LostConnection.class, LostConnection::problem);
        return metrics.timed(kind, answer);
    }

    /** Runs statements in one transaction: all, or nothing. */
    Mono<Answer> transaction(List<QueryRequest> statements, @Nullable MinVersion minVersion) {
        for (int i = 0; i < statements.size(); i++) {
            try {
                admit(statements.get(i));
            } catch (ProblemException refused) {
                throw refused.with("statement", i);
            }
        }
        return metrics.timedTransaction(sessions.use(
                session -> require(session, minVersion).then(Mono.defer(() -> runAll(session, statements)))));
    }

    private StatementKind admit(QueryRequest request) {
        properties.requireLength(request.sql());
        StatementKind kind = StatementKind.of(request.sql());
        if (kind == StatementKind.REFUSED) {
            throw new ProblemException(
                    ProblemCode.STATEMENT_REFUSED,
                    "The statement concerns the session it runs in, and each request may run in another.");
        }
        return kind;
    }

    private Mono<Void> require(Session session, @Nullable MinVersion minVersion) {
        if (minVersion == null || !minVersion.isOf(session.epoch().name())) {
            return Mono.empty();
        }
        return executor.position(session.connection())
                .onErrorMap(error -> SqlProblems.of(error, false))
                .flatMap(position -> minVersion.version() <= position
                        ? Mono.empty()
                        : Mono.error(new ProblemException(
                                ProblemCode.VERSION_UNKNOWN,
                                "The database has only come to version " + position + ".")));
    }

    private Mono<Answer> answer(Session session, QueryRequest request, StatementKind kind, boolean bounded) {
        // The stamp first: whatever changes from here on, in the catalog or in the tables, is after it.
        StreamPosition visible = stamp(session);
        return decide(session, request.sql(), kind, visible)
                .onErrorMap(error -> SqlProblems.of(error, false))
                .flatMap(decision -> decision.isCacheable()
                        ? read(session, request, decision, visible)
                                .flatMap(read -> bounded ? bound(session, read) : Mono.just(read))
                        : write(session, request, Objects.requireNonNull(decision.reason())));
    }

    /** Up to where everything is visible on the very server that the session reaches; null if that is not known. */
    private @Nullable StreamPosition stamp(Session session) {
        StreamPosition visible = gate.read();
        return visible != null && visible.epoch().equals(session.epoch().name()) ? visible : null;
    }

    private Mono<Decision> decide(Session session, String sql, StatementKind kind, @Nullable StreamPosition visible) {
        if (kind != StatementKind.QUERY) {
            return Mono.just(Decision.refused(kind.reason()));
        }
        Decisions.Key key = Decisions.Key.own(sql);
        Decision known = visible == null ? null : decisions.find(key, visible);
        if (known != null) {
            return Mono.just(known);
        }
        return metrics.timedAnalysis("query", analyzer.analyze(session.connection(), sql))
                .doOnNext(decision -> {
                    if (visible != null) {
                        decisions.remember(key, decision, visible);
                    }
                });
    }

    private Mono<Answer> read(
            Session session, QueryRequest request, Decision decision, @Nullable StreamPosition visible) {
        Reason reason = reason(request, visible);
        return execute(session, request, executor.budget(), false)
                .flatMap(result -> encode(session, List.of(result), false))
                .map(body -> reason == null
                        ? new Answer(body, null, visible, decision.tables(), ttl.least(decision.tables()))
                        : refused(body, reason, null));
    }

    /** The position is read after the statement has ended: whatever its snapshot saw had been written by then. */
    private Mono<Answer> bound(Session session, Answer read) {
        return version(session).map(position -> read.readBefore(position.orElse(null)));
    }

    private static @Nullable Reason reason(QueryRequest request, @Nullable StreamPosition visible) {
        if (texts(request).stream().anyMatch(param -> param != null && TimeWords.in(param))) {
            return Reason.VOLATILE_FUNCTION;
        }
        return visible == null ? Reason.GATE_CLOSED : null;
    }

    /** Of a statement that may be a write. */
    private Mono<Answer> write(Session session, QueryRequest request, Reason reason) {
        session.touch();
        return execute(session, request, executor.budget(), true)
                .flatMap(result -> version(session)
                        .flatMap(version -> encode(session, List.of(result), false)
                                .map(body -> refused(body, reason, version.orElse(null)))))
                .onErrorMap(ProblemException.class, QueryService::tookEffect);
    }

    private static ProblemException tookEffect(ProblemException problem) {
        return problem.code() == ProblemCode.RESULT_TOO_LARGE ? problem.with("took_effect", true) : problem;
    }

    private Mono<Answer> runAll(Session session, List<QueryRequest> statements) {
        session.touch();
        ResultBudget budget = executor.budget();
        return Mono.from(session.connection().beginTransaction())
                .onErrorMap(error -> SqlProblems.of(error, false))
                .thenMany(Flux.range(0, statements.size())
                        .concatMap(i -> execute(session, statements.get(i), budget, false)
                                .onErrorMap(ProblemException.class, error -> error.with("statement", i))))
                .collectList()
                .flatMap(results -> encode(session, results, true))
                .flatMap(body -> Mono.from(session.connection().commitTransaction())
                        .onErrorMap(error -> SqlProblems.of(error, true))
                        .then(Mono.defer(() -> version(session)))
                        .map(version -> refused(body, Reason.TRANSACTION, version.orElse(null))));
    }

    private Mono<RowSet> execute(Session session, QueryRequest request, ResultBudget budget, boolean mayWrite) {
        return traced(request.sql(), executor.run(session.connection(), request, texts(request), budget))
                .timeout(properties.statementTimeout().plus(GRACE))
                .onErrorMap(error -> SqlProblems.of(error, mayWrite));
    }

    /** With its first word alone: a text may hold values of the client's. */
    private <T> Mono<T> traced(String sql, Mono<T> statement) {
        if (!spans.isOn()) {
            return statement;
        }
        List<String> first = Lexer.firstWords(sql, 1);
        String operation = first.isEmpty() ? "SQL" : first.get(0).toUpperCase(Locale.ROOT);
        KeyValues attributes = KeyValues.of("db.system.name", "postgresql", "db.operation.name", operation);
        return spans.around("perigee.sql", operation, "postgresql", attributes, null, statement);
    }

    /** The version that includes what this session has committed; empty if the database cannot be asked any more. */
    private Mono<Optional<StreamPosition>> version(Session session) {
        return executor.position(session.connection())
                .map(position -> Optional.of(new StreamPosition(session.epoch().name(), position)))
                .onErrorReturn(Optional.empty());
    }

    private Mono<byte[]> encode(Session session, List<RowSet> results, boolean many) {
        List<Integer> oids = results.stream()
                .map(RowSet::columns)
                .filter(Objects::nonNull)
                .flatMap(Collection::stream)
                .map(RowSet.Column::type)
                .toList();
        return types.load(session, oids)
                .onErrorMap(error -> SqlProblems.of(error, false))
                .map(known -> {
                    StringBuilder out = new StringBuilder();
                    ResultWriter writer = new ResultWriter(known, out);
                    if (many) {
                        out.append("{\"results\":[");
                    }
                    for (int i = 0; i < results.size(); i++) {
                        out.append(i == 0 ? "" : ",");
                        writer.write(results.get(i));
                    }
                    if (many) {
                        out.append("]}");
                    }
                    byte[] body = out.toString().getBytes(StandardCharsets.UTF_8);
                    executor.budget().takeValue(body.length);
                    return body;
                });
    }

    private Answer refused(byte[] body, Reason reason, @Nullable StreamPosition version) {
        metrics.uncacheable(reason);
        return new Answer(body, reason, version, Set.of(), null);
    }

    private static List<@Nullable String> texts(QueryRequest request) {
        List<@Nullable String> texts = new ArrayList<>();
        request.params().forEach(param -> texts.add(ParameterText.of(param)));
        return texts;
    }
}

package dev.perigee.home.query;

import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.Epoch;
import dev.perigee.home.wal.GateControl;
import dev.perigee.home.wal.VisibilityGate;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.Spans;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.util.unit.DataSize;

/** The query API over a real database, with a feed played by the test. */
final class TestService {

    static final String EPOCH = TestDatabase.epoch();
    static final Duration LIMIT = Duration.ofSeconds(20);

    final InvalidationLog log = new InvalidationLog();
    final VisibilityGate gate = new VisibilityGate();
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    final List<Epoch> reached = new CopyOnWriteArrayList<>();
    final QueryService service;
    final StatementService statements;

    TestService(TestDatabase database, int poolSize) {
        this(database, poolSize, Duration.ofSeconds(2), DataSize.ofKilobytes(64));
    }

    TestService(TestDatabase database, int poolSize, Duration timeout, DataSize maxResult) {
        this(database, "postgres", poolSize, timeout, maxResult);
    }

    /** A home with the rights of another role. */
    TestService(TestDatabase database, String user) {
        this(database, user, 2, Duration.ofSeconds(2), DataSize.ofKilobytes(64));
    }

    private TestService(TestDatabase database, String user, int poolSize, Duration timeout, DataSize maxResult) {
        QueryProperties properties = new QueryProperties(
                timeout,
                Duration.ofSeconds(2),
                maxResult,
                1000,
                DataSize.ofKilobytes(64),
                Set.of(),
                DataSize.ofMegabytes(1),
                2);
        log.begin(EPOCH, 100, Instant.EPOCH);
        GateControl.open(gate, EPOCH, 100);
        Sessions sessions = new Sessions(
                database.pool(poolSize, user),
                log,
                reached::add,
                properties.acquireTimeout(),
                properties.statementTimeout());
        StatementAnalyzer analyzer = new StatementAnalyzer(new CodeCheck(properties.allowedFunctions()));
        Decisions decisions = new Decisions(log, properties.decisionMemory().toBytes());
        TtlProperties ttl = new TtlProperties(Map.of("public.users", Duration.ofSeconds(7)));
        QueryMetrics metrics = new QueryMetrics(registry);
        service = new QueryService(sessions, analyzer, decisions, gate, log, properties, ttl, metrics, Spans.NONE);
        statements = new StatementService(sessions, analyzer, decisions, gate, properties, ttl, metrics);
    }

    Answer query(String sql, Object... params) {
        return service.query(request(sql, params), null).block(LIMIT);
    }

    String body(String sql, Object... params) {
        return new String(query(sql, params).body(), StandardCharsets.UTF_8);
    }

    Answer transaction(QueryRequest... statements) {
        return service.transaction(List.of(statements), null).block(LIMIT);
    }

    static QueryRequest request(String sql, Object... params) {
        return new QueryRequest(sql, new ArrayList<>(Arrays.asList(params)));
    }

    static StreamPosition at(long version) {
        return new StreamPosition(EPOCH, version);
    }
}

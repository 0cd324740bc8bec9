package dev.perigee.home.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.wal.Epoch;
import dev.perigee.home.wal.GateControl;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.ProblemCode;
import dev.perigee.web.MinVersion;
import dev.perigee.web.ProblemException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

class QueryServiceTest {

    private static TestDatabase database;
    private TestService service;

    @BeforeAll
    static void create() {
        database = new TestDatabase("service", """
                create table users (id int primary key, name text unique);
                create table child (id int primary key,
                                    boss int references users deferrable initially deferred);
                create function noisy() returns int language sql volatile as 'select 1';
                create publication perigee for table users, child;
                """);
    }

    @AfterAll
    static void drop() {
        database.close();
    }

    @BeforeEach
    void fill() {
        database.execute("truncate users, child; insert into users values (1, 'ann'), (2, 'bob')");
        service = new TestService(database, 1);
    }

    @Test
    void stampsACacheableRead() {
        Answer answer = service.query("select name from users where id = $1", 1);

        assertThat(answer.reason()).isNull();
        assertThat(answer.version()).isEqualTo(TestService.at(100));
        assertThat(answer.tables()).containsExactly("public.users");
        assertThat(answer.ttl()).isEqualTo(Duration.ofSeconds(7));
        assertThat(new String(answer.body(), StandardCharsets.UTF_8))
                .isEqualTo("{\"columns\":[{\"name\":\"name\",\"type\":\"text\"}],\"rows\":[[\"ann\"]]}");
    }

    @Test
    void keepsNothingWhileTheGateIsClosed() {
        GateControl.close(service.gate);

        assertThat(service.query("select 1").reason()).isEqualTo(Reason.GATE_CLOSED);
        assertThat(service.query("select 1").version()).isNull();
    }

    @Test
    void keepsNothingThatDependsOnTheTimeThroughAParameter() {
        assertThat(service.query("select $1::date is not null", "today").reason())
                .isEqualTo(Reason.VOLATILE_FUNCTION);
        assertThat(service.query("select $1::date[] is not null", List.of("2020-01-01", "NOW"))
                        .reason())
                .isEqualTo(Reason.VOLATILE_FUNCTION);
        assertThat(service.query("select $1::date is not null", "2020-01-01").reason())
                .isNull();
    }

    @Test
    void remembersADecisionUntilTheSchemaChanges() {
        service.query("select * from users");
        service.query("select * from users");
        assertThat(analyses()).isEqualTo(1);

        service.log.append(new InvalidationEvent(150, List.of("public.users"), Instant.EPOCH), 150);
        service.query("select * from users");
        assertThat(analyses()).isEqualTo(1);

        service.log.append(new InvalidationEvent(200, List.of(), Instant.EPOCH), 200);
        service.query("select * from users");
        assertThat(analyses()).isEqualTo(2);

        // The change has been decoded but is not yet visible: what was just found out may be from before it.
        service.query("select * from users");
        assertThat(analyses()).isEqualTo(3);

        GateControl.advance(service.gate, 200);
        service.query("select * from users");
        service.query("select * from users");
        assertThat(analyses()).isEqualTo(4);
    }

    @Test
    void forgetsDecisionsOfAnotherEpoch() {
        Decisions decisions = new Decisions(service.log, 1_000_000);
        decisions.remember(Decisions.Key.own("select 1"), Decision.refused(Reason.UTILITY), TestService.at(100));
        assertThat(decisions.find(Decisions.Key.own("select 1"), TestService.at(100)))
                .isNotNull();
        follow("1.1.1");

        assertThat(decisions.find(Decisions.Key.own("select 1"), TestService.at(100)))
                .isNull();
    }

    private void follow(String epoch) {
        service.log.begin(epoch, 100, Instant.EPOCH);
        GateControl.open(service.gate, epoch, 100);
    }

    /** A connection that is ahead of the feed is where the address leads, but what it reads has no stamp yet. */
    @Test
    void stampsNothingThatComesFromAnotherServerThanTheFeed() {
        String system = TestService.EPOCH.substring(0, TestService.EPOCH.indexOf('.'));
        service.query("select * from users");
        follow(system + ".0.1");

        Answer ahead = service.query("select * from users");
        assertThat(ahead.reason()).isEqualTo(Reason.GATE_CLOSED);
        assertThat(ahead.version()).isNull();
        assertThat(service.query("delete from users where false").version().epoch())
                .isEqualTo(TestService.EPOCH);
        assertThat(service.reached).extracting(Epoch::name).containsOnly(TestService.EPOCH);

        follow(system + ".9.1");
        assertThat(problem(() -> service.query("select * from users")).code())
                .as("a primary that was replaced")
                .isEqualTo(ProblemCode.DATABASE_UNAVAILABLE);
        assertThat(problem(() -> service.query("delete from users")).code())
                .isEqualTo(ProblemCode.DATABASE_UNAVAILABLE);
        follow(TestService.EPOCH);
        assertThat(service.query("select * from users").version()).isEqualTo(TestService.at(100));
    }

    @Test
    void sayWhichVersionIncludesAWrite() {
        String before = database.column("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
                .get(0);
        Answer answer = service.query("insert into users values ($1, $2)", 3, "cyd");
        String after = database.column("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
                .get(0);

        assertThat(answer.reason()).isEqualTo(Reason.WRITE);
        assertThat(answer.version().version()).isBetween(Long.parseLong(before), Long.parseLong(after));
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo("{\"row_count\":1}");
        assertThat(service.body("delete from users where false returning id"))
                .isEqualTo("{\"columns\":[{\"name\":\"id\",\"type\":\"int4\"}],\"rows\":[]}");
        assertThat(service.query("select noisy()").version()).isNotNull();
    }

    @Test
    void runsOneStatementOnly() {
        ProblemException problem = problem(() -> service.query("select 1; delete from users"));

        assertThat(problem.code()).isEqualTo(ProblemCode.SQL_ERROR);
        assertThat(database.column("select count(*) from users")).containsExactly("2");
    }

    @Test
    void explainsWhatPostgresRefuses() {
        ProblemException unknown = problem(() -> service.query("select nothing from users"));
        assertThat(unknown.code()).isEqualTo(ProblemCode.SQL_ERROR);
        assertThat(unknown.toProblemDetail().getProperties())
                .containsEntry("sqlstate", "42703")
                .containsEntry("position", 8);

        assertThat(problem(() -> service.query("insert into users values (1, 'x')"))
                        .code())
                .isEqualTo(ProblemCode.CONSTRAINT_VIOLATION);
        assertThat(problem(() -> service.query("insert into child values (1, 99)"))
                        .code())
                .isEqualTo(ProblemCode.CONSTRAINT_VIOLATION);
        assertThat(problem(() -> service.query("insert into child values ($1, $2)", 1, 99))
                        .code())
                .isEqualTo(ProblemCode.CONSTRAINT_VIOLATION);
        assertThat(problem(() -> service.query("select pg_sleep(10)")).code()).isEqualTo(ProblemCode.STATEMENT_TIMEOUT);
        assertThat(problem(() -> service.query("select $1::int", "x")).code()).isEqualTo(ProblemCode.SQL_ERROR);
        assertThat(problem(() -> service.query("select $")).code()).isEqualTo(ProblemCode.SQL_ERROR);
        assertThat(service.body("select 1 as x")).contains("[[1]]");
    }

    @Test
    void refusesTheWrongNumberOfParameters() {
        assertThat(problem(() -> service.query("select $1::int + $2::int", 1)).code())
                .isEqualTo(ProblemCode.INVALID_REQUEST);
        assertThat(problem(() -> service.query("select $1::int", 1, 2)).code()).isEqualTo(ProblemCode.INVALID_REQUEST);
        assertThat(problem(() -> service.query("select 1", 1)).code()).isEqualTo(ProblemCode.INVALID_REQUEST);
        assertThat(problem(() -> service.query("select $1::int")).code()).isEqualTo(ProblemCode.INVALID_REQUEST);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set timezone to 'Asia/Tokyo'",
                "SET LOCAL x.y = 1",
                "reset all",
                "begin",
                "start transaction",
                "commit",
                "rollback",
                "savepoint a",
                "prepare transaction 'x'",
                "prepare a as select 1",
                "listen a",
                "discard all",
                "declare c cursor for select 1",
                "lock table users",
                "create temp table t (a int)",
                "create or replace temporary view t as select 1",
                "copy users from stdin",
                "copy users to stdout",
                "/* x */ ; -- y\n set a.b = 'c'",
                "load 'x'",
                "execute a",
                "deallocate all"
            })
    void refusesWhatConcernsTheSession(String sql) {
        assertThat(problem(() -> service.query(sql)).code()).isEqualTo(ProblemCode.STATEMENT_REFUSED);
        assertThat(problem(() -> service.transaction(TestService.request(sql))).code())
                .isEqualTo(ProblemCode.STATEMENT_REFUSED);
    }

    @Test
    void leavesNothingBehindInAConnection() {
        service.query(
                "select set_config('timezone', 'Asia/Tokyo', false), set_config('search_path', 'nowhere', false)");
        service.query("select 1 as a into temp passing");
        service.query("select pg_advisory_lock(4711)");
        service.query("do $$ begin execute 'create temp table users (id int)'; execute 'set role pg_monitor';"
                + " execute 'listen x'; end $$");

        assertThat(service.body("select '2020-01-01 00:00+00'::timestamptz as t, name from users where id = 1"))
                .contains("[[\"2020-01-01T00:00:00+00:00\",\"ann\"]]");
        assertThat(service.body("select count(*) from pg_locks where locktype = 'advisory'"))
                .contains("[[0]]");
        assertThat(service.body("select current_user::text")).contains("[[\"postgres\"]]");
        assertThat(problem(() -> service.query("select * from passing")).code()).isEqualTo(ProblemCode.SQL_ERROR);
    }

    /** The decisions about statements are remembered for all connections: they had better all resolve names alike. */
    @Test
    void everyConnectionKeepsTheSettingsThatTheFirstOneFound() {
        TestService two = new TestService(database, 2);
        two.query("select 1");
        database.execute("create schema other; create table other.users (name text);"
                + " alter database service set search_path to other, public");
        try {
            Mono<Answer> first = two.service.query(TestService.request("select pg_sleep(0.3)"), null);
            Mono<Answer> second = two.service.query(TestService.request("select count(*) from users"), null);
            Answer answer = Mono.zip(first, second, (slept, counted) -> counted).block(TestService.LIMIT);
            assertThat(new String(answer.body(), StandardCharsets.UTF_8)).contains("[[2]]");
        } finally {
            database.execute("alter database service reset search_path; drop schema other cascade");
        }
    }

    @Test
    void boundsResults() {
        assertThat(problem(() -> service.query("select repeat('x', 70000)")).code())
                .isEqualTo(ProblemCode.RESULT_TOO_LARGE);
        assertThat(problem(() -> service.query("select generate_series(1, 100000)"))
                        .code())
                .isEqualTo(ProblemCode.RESULT_TOO_LARGE);
        assertThat(problem(() -> service.query("select repeat(E'\\x01', 20000)"))
                        .code())
                .isEqualTo(ProblemCode.RESULT_TOO_LARGE);

        ProblemException written = problem(() ->
                service.query("insert into users select g, g::text from generate_series(10, 5000) g returning id"));
        assertThat(written.code()).isEqualTo(ProblemCode.RESULT_TOO_LARGE);
        assertThat(written.toProblemDetail().getProperties()).containsEntry("took_effect", true);
        assertThat(database.column("select count(*) from users")).containsExactly("4993");
        assertThat(service.body("select 1 as x")).contains("[[1]]");
    }

    @Test
    void runsATransactionAsAWhole() {
        Answer answer = service.transaction(
                TestService.request("insert into users values ($1, $2) returning id", 3, "cyd"),
                TestService.request("update users set name = 'x' where id = 99"),
                TestService.request("select count(*) from users"));

        assertThat(answer.reason()).isEqualTo(Reason.TRANSACTION);
        assertThat(answer.version()).isNotNull();
        assertThat(new String(answer.body(), StandardCharsets.UTF_8))
                .isEqualTo("{\"results\":[{\"columns\":[{\"name\":\"id\",\"type\":\"int4\"}],\"rows\":[[3]]},"
                        + "{\"row_count\":0},{\"columns\":[{\"name\":\"count\",\"type\":\"int8\"}],\"rows\":[[3]]}]}");
    }

    @Test
    void undoesATransactionThatFails() {
        ProblemException failed = problem(() -> service.transaction(
                TestService.request("insert into users values (3, 'cyd')"),
                TestService.request("insert into users values (1, 'twice')")));
        assertThat(failed.code()).isEqualTo(ProblemCode.CONSTRAINT_VIOLATION);
        assertThat(failed.toProblemDetail().getProperties()).containsEntry("statement", 1);

        ProblemException atCommit = problem(() -> service.transaction(
                TestService.request("insert into users values (3, 'cyd')"),
                TestService.request("insert into child values (1, 99)")));
        assertThat(atCommit.code()).isEqualTo(ProblemCode.CONSTRAINT_VIOLATION);

        assertThat(database.column("select count(*) from users")).containsExactly("2");
        assertThat(service.body("select 1 as x")).contains("[[1]]");
    }

    @Test
    void comparesWithTheVersionAskedFor() {
        long now = Long.parseLong(database.column("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
                .get(0));

        assertThat(ask(TestService.EPOCH + ":" + (now - 1))).isNull();
        assertThat(ask(String.valueOf(now - 1))).isNull();
        assertThat(ask("9.9.9:" + Long.MAX_VALUE)).isNull();
        assertThat(ask(TestService.EPOCH + ":" + (now + (1L << 40)))).isEqualTo(ProblemCode.VERSION_UNKNOWN);
        assertThat(ask("nonsense")).isEqualTo(ProblemCode.INVALID_REQUEST);
        assertThat(ask("a:b:c")).isEqualTo(ProblemCode.INVALID_REQUEST);
    }

    private ProblemCode ask(String minVersion) {
        ProblemException problem = problem(() -> service.service
                .query(
                        TestService.request("select 1"),
                        MinVersion.parse(minVersion == null ? List.of() : List.of(minVersion)))
                .block(TestService.LIMIT));
        return problem == null ? null : problem.code();
    }

    @Test
    void cancelsTheStatementOfAClientThatHasGone() {
        Disposable request = service.service
                .query(TestService.request("select pg_sleep(100), 'gone'"), null)
                .subscribe();
        String running = "select count(*) from pg_stat_activity where state = 'active' and query like '%''gone''%'"
                + " and pid <> pg_backend_pid()";
        await().until(() -> database.column(running).get(0).equals("1"));
        request.dispose();

        await().until(() -> database.column(running).get(0).equals("0"));
        assertThat(service.body("select 1 as x")).contains("[[1]]");
    }

    @Test
    void saysWhenTheOutcomeOfAWriteIsUnknown() {
        TestService patient = new TestService(database, 1, Duration.ofSeconds(20), DataSize.ofKilobytes(64));
        String kill = "select pg_terminate_backend(pid)::text from pg_stat_activity where query like '%' || '%s' || '%'"
                + " and pid <> pg_backend_pid() and state = 'active'";
        Map.of(
                        "insert into users select 50, pg_sleep(20)::text || 'w1'", ProblemCode.OUTCOME_UNKNOWN,
                        "select count(*) from generate_series(1, 1000000000) as r1", ProblemCode.DATABASE_UNAVAILABLE)
                .forEach((sql, code) -> {
                    var answer = patient.service
                            .query(TestService.request(sql), null)
                            .toFuture();
                    String mark = sql.contains("w1") ? "w1" : "r1";
                    await().until(() ->
                            !database.column(kill.replace("%s", mark)).isEmpty());
                    assertThat(answer).failsWithin(TestService.LIMIT);
                    assertThat(answer.handle((done, error) -> ((ProblemException) error).code())
                                    .join())
                            .isEqualTo(code);
                });
        assertThat(patient.body("select 1 as x")).contains("[[1]]");
    }

    @Test
    void saysWhenThePoolIsExhausted() {
        TestService patient = new TestService(database, 1, Duration.ofSeconds(20), DataSize.ofKilobytes(64));
        Disposable occupying = patient.service
                .query(TestService.request("select pg_sleep(100), 'occupying'"), null)
                .subscribe(answer -> {}, error -> {});
        await().until(() -> database.column("select count(*) from pg_stat_activity where state = 'active'"
                        + " and query like '%''occupying''%' and pid <> pg_backend_pid()")
                .get(0)
                .equals("1"));

        assertThat(problem(() -> patient.query("select 1")).code()).isEqualTo(ProblemCode.DATABASE_UNAVAILABLE);
        occupying.dispose();
    }

    private long analyses() {
        return service.registry.find("perigee.home.query.analysis").timers().stream()
                .mapToLong(timer -> timer.count())
                .sum();
    }

    private static ProblemException problem(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(ProblemException.class, call);
    }
}

package dev.perigee.home.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.perigee.home.wal.GateControl;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.StatementAnswer;
import dev.perigee.model.StatementRequest;
import dev.perigee.web.ProblemException;
import dev.perigee.web.ProblemHandler;
import dev.perigee.web.WireJson;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import org.springframework.http.codec.json.JacksonJsonDecoder;
import org.springframework.http.codec.json.JacksonJsonEncoder;
import org.springframework.test.json.JsonCompareMode;
import org.springframework.test.web.reactive.server.WebTestClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class StatementServiceTest {

    private static final String DATABASE = "statements";

    private static TestDatabase database;
    private TestService service;

    @BeforeAll
    static void create() {
        database = new TestDatabase(DATABASE, """
                create schema alpha;
                create schema "Be, ""ta";
                create schema closed;
                create table users (id int primary key, name text);
                create table alpha.users (id int primary key, name text);
                create table "Be, ""ta".users (id int primary key, name text);
                create table closed.users (id int primary key, name text);
                create function alpha.lower(text) returns text language sql volatile as 'select $1';
                create publication perigee
                    for table users, alpha.users, "Be, ""ta".users, closed.users;
                create role narrow login;
                grant usage on schema alpha to narrow;
                """);
    }

    @AfterAll
    static void drop() {
        database.close();
    }

    @BeforeEach
    void begin() {
        service = new TestService(database, 2);
    }

    @Test
    void saysWhatACacheableStatementDependsOn() {
        assertThat(ask("select name from users where id = $1", "pg_catalog", "public"))
                .isEqualTo(new StatementAnswer("cacheable", List.of("public.users"), TestService.at(100) + "", 7_000L));
        assertThat(ask("select 1", "pg_catalog"))
                .isEqualTo(new StatementAnswer(
                        "cacheable", List.of(), TestService.at(100).toString(), null));
    }

    @Test
    void theSearchPathDecidesWhatIsMeant() {
        String sql = "select name from users where id = $1";
        assertThat(ask(sql, "pg_catalog", "alpha", "public").tables()).containsExactly("alpha.users");
        assertThat(ask(sql, "pg_catalog", "public", "alpha").tables()).containsExactly("public.users");
        assertThat(ask(sql, "pg_catalog", "Be, \"ta").tables()).containsExactly("\"Be, \"\"ta\".users");
        assertThat(ask(sql, "pg_catalog").cacheability()).isEqualTo("unknown-relation");
        // Home's own sessions are none the wiser.
        assertThat(service.query("select name from users where id = $1", 1).tables())
                .containsExactly("public.users");
        assertThat(analyses("statement")).isEqualTo(4);
        assertThat(analyses("query")).isEqualTo(1);
    }

    @Test
    void theSearchPathDecidesWhichFunctionIsMeant() {
        assertThat(ask("select lower(name) from public.users", "pg_catalog", "public")
                        .cacheability())
                .isEqualTo("cacheable");
        assertThat(ask("select lower(name) from public.users", "alpha", "pg_catalog")
                        .cacheability())
                .isEqualTo("user-function");
    }

    @Test
    void refusesASearchPathThatHomeDoesNotHave() {
        assertThat(ask("select * from users", "pg_catalog", "nowhere", "public").cacheability())
                .isEqualTo("search-path");
        assertThat(ask("select * from public.users", "public").cacheability()).isEqualTo("search-path");
        service = new TestService(database, "narrow");
        assertThat(ask("select * from users", "pg_catalog", "closed").cacheability())
                .isEqualTo("search-path");
        database.execute("grant usage on schema closed to narrow");
        // No event tells of what is granted through a role: it is asked again.
        assertThat(ask("select * from users", "pg_catalog", "closed").tables()).containsExactly("closed.users");
        database.execute("revoke usage on schema closed from narrow");
    }

    @Test
    void aTemporarySchemaOfHomesOwnDoesNotMatter() {
        service = new TestService(database, 1);
        service.query("select set_config('x.y', '', false), (select count(*) from users)");
        database.execute("create function public.leave() returns int language plpgsql as"
                + " 'begin create temporary table passing (id int); return 1; end'");
        service.query("select leave()");
        assertThat(ask("select * from users", "pg_catalog", "public").cacheability())
                .isEqualTo("cacheable");
        assertThat(ask("select * from pg_temp.passing", "pg_catalog", "public").cacheability())
                .isEqualTo("unknown-relation");
    }

    @Test
    void refusesWhatItRefusesElsewhere() {
        assertThat(ask("select now()", "pg_catalog").cacheability()).isEqualTo("volatile-function");
        assertThat(ask("select * from pg_class", "pg_catalog").cacheability()).isEqualTo("system-catalog");
        assertThat(ask("insert into users values (1)", "pg_catalog").cacheability())
                .isEqualTo("write");
        assertThat(ask("show all", "pg_catalog").cacheability()).isEqualTo("utility");
        assertThat(ask("begin", "pg_catalog").cacheability()).isEqualTo("utility");
        assertThat(ask("create temp table x (id int)", "pg_catalog").cacheability())
                .isEqualTo("utility");
        assertThat(ask("select 1; drop table users", "pg_catalog", "public").cacheability())
                .isEqualTo("unparsable");
        assertThat(service.statements
                        .ask(new StatementRequest("select 1", "elsewhere", List.of("pg_catalog")))
                        .block(TestService.LIMIT)
                        .cacheability())
                .isEqualTo("other-database");
        assertThat(service.registry
                        .get("perigee.home.query.asked")
                        .tag("cacheability", "other-database")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void anotherDatabaseIsRefusedAlsoByAHomeThatHasJustStarted() {
        StatementAnswer answer = service.statements
                .ask(new StatementRequest("select 1", "elsewhere", List.of("pg_catalog")))
                .block(TestService.LIMIT);
        assertThat(answer.cacheability()).isEqualTo("other-database");
        assertThat(answer.version()).isEqualTo(TestService.at(100).toString());
    }

    @Test
    void remembersADecisionUntilTheSchemaChanges() {
        String sql = "select * from users";
        ask(sql, "pg_catalog", "public");
        ask(sql, "pg_catalog", "public");
        assertThat(analyses("statement")).isEqualTo(1);

        service.log.append(new InvalidationEvent(200, List.of(), Instant.EPOCH), 200);
        assertThat(ask(sql, "pg_catalog", "public").version())
                .isEqualTo(TestService.at(100).toString());
        assertThat(analyses("statement")).isEqualTo(2);

        GateControl.advance(service.gate, 200);
        ask(sql, "pg_catalog", "public");
        assertThat(ask(sql, "pg_catalog", "public").version())
                .isEqualTo(TestService.at(200).toString());
        assertThat(analyses("statement")).isEqualTo(3);
    }

    @Test
    void knowsNothingWhileTheGateIsClosed() {
        ask("select * from users", "pg_catalog", "public");
        GateControl.close(service.gate);
        assertThat(ask("select * from users", "pg_catalog", "public"))
                .isEqualTo(new StatementAnswer("gate-closed", List.of(), null, null));
        GateControl.open(service.gate, "1.1.1", 100);
        assertThat(ask("select * from users", "pg_catalog", "public").cacheability())
                .isEqualTo("gate-closed");
    }

    /** Whoever can log in there may have made a schema; home's role is not to run what lies in it. */
    @Test
    void runsNothingOfTheirs() throws SQLException {
        try (TestDatabase hostile = new TestDatabase("hostile", """
                        create schema evil;
                        create table users (id int primary key, name text);
                        create publication perigee for table users;
                        create function evil.wait() returns text language plpgsql
                            as 'begin perform pg_catalog.pg_advisory_lock(1, 1); return null; end';
                        create function evil.get(jsonb, text) returns text language plpgsql
                            as 'begin return evil.wait(); end';
                        create operator evil.->> (leftarg = jsonb, rightarg = text, function = evil.get);
                        create function evil.constant(int) returns text language plpgsql immutable
                            as 'begin return evil.wait(); end';
                        create view evil.v as select evil.constant(1) as one;
                        create table evil.t (id int primary key);
                        create index on evil.t (evil.constant(1));
                        alter publication perigee add table evil.t;
                        """);
                Connection holder = hostile.jdbc();
                Statement statement = holder.createStatement()) {
            service = new TestService(hostile, 2);
            statement.execute("select pg_advisory_lock(1, 1)");
            // What runs waits for the lock, until the statement times out.
            assertThat(askHostile("select lower(name) from public.users").tables())
                    .containsExactly("public.users");
            assertThat(askHostile("select id from t").tables()).containsExactly("evil.t");
            assertThat(askHostile("select one from v").cacheability()).isEqualTo("user-function");
        }
    }

    private StatementAnswer askHostile(String sql) {
        return service.statements
                .ask(new StatementRequest(sql, "hostile", List.of("evil", "pg_catalog")))
                .block(TestService.LIMIT);
    }

    @Test
    void aFloodOfNewTextsLeavesConnectionsForOthers() throws SQLException {
        service = new TestService(database, 3);
        try (Connection holder = database.jdbc();
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table alpha.users in access exclusive mode");
            CompletableFuture<List<ProblemCode>> flood = Flux.range(0, 40)
                    .flatMap(i -> service.statements
                            .ask(request("select " + i + " from alpha.users", "pg_catalog"))
                            .then(Mono.<ProblemCode>empty())
                            .onErrorResume(ProblemException.class, problem -> Mono.just(problem.code())))
                    .collectList()
                    .toFuture();
            await().pollInterval(Duration.ofMillis(5))
                    .until(() -> "2"
                            .equals(database.column("select count(*) from pg_locks where not granted")
                                    .get(0)));
            assertThat(service.query("select 1").reason()).isNull();
            // Two at a time wait for the table, and not for long: nobody's locks are to cross with ours. None is judged
            // by that.
            assertThat(flood.join()).hasSize(40).contains(ProblemCode.SQL_ERROR);
            holder.rollback();
        }
        assertThat(ask("select 1 from alpha.users", "pg_catalog").cacheability())
                .isEqualTo("cacheable");
    }

    @Test
    void refusesATextThatIsTooLong() {
        assertThat(catchThrowableOfType(
                                ProblemException.class, () -> ask("select '" + "x".repeat(70_000) + "'", "pg_catalog"))
                        .code())
                .isEqualTo(ProblemCode.PAYLOAD_TOO_LARGE);
    }

    @Test
    void goesOverTheWire() {
        WebTestClient client = WebTestClient.bindToController(new StatementController(service.statements))
                .httpMessageCodecs(codecs -> {
                    codecs.defaultCodecs().jacksonJsonDecoder(new JacksonJsonDecoder(WireJson.mapper()));
                    codecs.defaultCodecs().jacksonJsonEncoder(new JacksonJsonEncoder(WireJson.mapper()));
                })
                .webFilter((exchange, chain) -> chain.filter(exchange)
                        .onErrorResume(error -> new ProblemHandler().handle(exchange, error))
                        .subscribeOn(Schedulers.parallel()))
                .configureClient()
                .responseTimeout(Duration.ofSeconds(20))
                .build();
        post(
                        client,
                        "{\"sql\":\"select * from users\",\"database\":\"statements\","
                                + "\"schemas\":[\"pg_catalog\",\"public\"]}")
                .expectStatus()
                .isOk()
                .expectBody()
                .json(
                        "{\"cacheability\":\"cacheable\",\"tables\":[\"public.users\"],\"version\":\""
                                + TestService.at(100) + "\",\"ttl_ms\":7000}",
                        JsonCompareMode.STRICT);
        for (String bad : List.of(
                "{\"sql\":\"select 1\",\"database\":\"statements\",\"schemas\":[\"pg_temp_3\",\"pg_catalog\"]}",
                "{\"sql\":\"select 1\",\"database\":\"statements\",\"schemas\":[]}",
                "{\"sql\":\"select 1\",\"database\":\"statements\",\"schemas\":[\"\"]}",
                "{\"sql\":\"select 1\",\"database\":\"statements\",\"schemas\":[null]}",
                "{\"sql\":\"select 1\",\"database\":\"\",\"schemas\":[\"pg_catalog\"]}",
                "{\"sql\":\" \",\"database\":\"statements\",\"schemas\":[\"pg_catalog\"]}",
                "{\"sql\":\"select 1\"}")) {
            post(client, bad)
                    .expectStatus()
                    .isBadRequest()
                    .expectBody()
                    .jsonPath("$.code")
                    .isEqualTo("invalid-request");
        }
    }

    private static WebTestClient.ResponseSpec post(WebTestClient client, String body) {
        return client.post()
                .uri("/api/statements")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(body)
                .exchange();
    }

    private StatementAnswer ask(String sql, String... schemas) {
        return service.statements.ask(request(sql, schemas)).block(TestService.LIMIT);
    }

    private static StatementRequest request(String sql, String... schemas) {
        return new StatementRequest(sql, DATABASE, List.of(schemas));
    }

    private long analyses(String kind) {
        return service.registry.find("perigee.home.query.analysis").tag("kind", kind).timers().stream()
                .mapToLong(timer -> timer.count())
                .sum();
    }
}

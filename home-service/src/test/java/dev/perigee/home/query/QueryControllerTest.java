package dev.perigee.home.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.perigee.web.ProblemHandler;
import dev.perigee.web.WireJson;
import java.io.FileInputStream;
import java.io.InputStream;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import org.springframework.http.codec.json.JacksonJsonDecoder;
import org.springframework.test.web.reactive.server.WebTestClient;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class QueryControllerTest {

    private static TestDatabase database;
    private static WebTestClient client;

    @BeforeAll
    static void create() {
        database = new TestDatabase("controller", """
                create table users (id int primary key, name text);
                create table "Odd, Table" (id int primary key);
                insert into users values (1, 'ann');
                create publication perigee for table users, "Odd, Table";
                """);
        client = WebTestClient.bindToController(new QueryController(new TestService(database, 2).service))
                .httpMessageCodecs(
                        codecs -> codecs.defaultCodecs().jacksonJsonDecoder(new JacksonJsonDecoder(WireJson.mapper())))
                .webFilter((exchange, chain) -> chain.filter(exchange)
                        .onErrorResume(error -> new ProblemHandler().handle(exchange, error))
                        .subscribeOn(Schedulers.parallel()))
                .configureClient()
                .responseTimeout(Duration.ofSeconds(20))
                .build();
    }

    @AfterAll
    static void drop() {
        database.close();
    }

    /** Everything below runs on a thread that must not block; this says that it would be noticed. */
    @Test
    void blockingWouldBeNoticed() {
        assertThatThrownBy(() -> Mono.fromCallable(() -> {
                            try (InputStream file = new FileInputStream("/dev/null")) {
                                return file.read();
                            }
                        })
                        .subscribeOn(Schedulers.parallel())
                        .block(Duration.ofSeconds(5)))
                .hasStackTraceContaining("Blocking call");
    }

    @Test
    void saysWhatACacheableAnswerDependsOn() {
        post("/api/query", "{\"sql\":\"select name from users u where u.id = $1\",\"params\":[1]}")
                .expectStatus()
                .isOk()
                .expectHeader()
                .valueEquals("Perigee-Cacheability", "cacheable")
                .expectHeader()
                .valueEquals("Perigee-Version", TestService.EPOCH + ":100")
                .expectHeader()
                .valueEquals("Perigee-Tables", "public.users")
                .expectHeader()
                .valueEquals("Cache-Control", "private, max-age=7")
                .expectHeader()
                .contentType(MediaType.APPLICATION_JSON)
                .expectBody()
                .json("{\"columns\":[{\"name\":\"name\",\"type\":\"text\"}],\"rows\":[[\"ann\"]]}");
        post("/api/query", "{\"sql\":\"select 1\"}")
                .expectHeader()
                .valueEquals("Perigee-Tables", "")
                .expectHeader()
                .doesNotExist("Cache-Control");
        post("/api/query", "{\"sql\":\"table \\\"Odd, Table\\\"\"}")
                .expectHeader()
                .valueEquals("Perigee-Tables", "public.%22Odd%2C%20Table%22");
    }

    @Test
    void saysOfAReadWhatCannotBeInItIfAsked() {
        String read = "{\"sql\":\"select name from users u where u.id = $1\",\"params\":[1]}";
        post("/api/query", read).expectHeader().doesNotExist("Perigee-Read-Before");
        long before = position();
        database.execute("insert into users values (7, 'bob')");
        String header = post("/api/query?read_before=true", read)
                .expectHeader()
                .valueEquals("Perigee-Cacheability", "cacheable")
                .expectBody()
                .returnResult()
                .getResponseHeaders()
                .getFirst("Perigee-Read-Before");
        assertThat(header).startsWith(TestService.EPOCH + ":");
        assertThat(Long.parseLong(header.substring(header.indexOf(':') + 1)))
                .isGreaterThan(before)
                .isLessThan(position() + 1);
        post("/api/query?read_before=true", "{\"sql\":\"select now()\"}")
                .expectHeader()
                .doesNotExist("Perigee-Read-Before");
        database.execute("delete from users where id = 7");
    }

    private static long position() {
        return Long.parseLong(database.column("select (pg_current_wal_insert_lsn() - '0/0')::bigint::text")
                .get(0));
    }

    @Test
    void saysWhyAnAnswerMayNotBeKept() {
        post("/api/query", "{\"sql\":\"select now()\"}")
                .expectHeader()
                .valueEquals("Perigee-Cacheability", "volatile-function")
                .expectHeader()
                .valueEquals("Cache-Control", "no-store")
                .expectHeader()
                .exists("Perigee-Version")
                .expectHeader()
                .doesNotExist("Perigee-Tables");
        post("/api/transaction", "{\"statements\":[{\"sql\":\"update users set name = 'ann'\"}]}")
                .expectHeader()
                .valueEquals("Perigee-Cacheability", "transaction")
                .expectHeader()
                .valueEquals("Cache-Control", "no-store")
                .expectHeader()
                .exists("Perigee-Version")
                .expectBody()
                .json("{\"results\":[{\"row_count\":1}]}");
    }

    @Test
    void answersProblems() {
        problem("/api/query", "{\"sql\":\"select\\nnothing from users\"}", 422, "sql-error");
        problem("/api/query", "{\"sql\":\"set a.b = 1\"}", 422, "statement-refused");
        problem("/api/query", "{\"sql\":\"select 1\",\"params\":[1]}", 400, "invalid-request");
        problem("/api/query", "{\"sql\":\"\"}", 400, "invalid-request");
        problem("/api/query", "{\"sql\":\"select 1\",\"other\":1}", 400, "invalid-request");
        problem("/api/query", "{\"sql\":\"select '" + "x".repeat(70_000) + "'\"}", 413, "payload-too-large");
        problem("/api/transaction", "{\"statements\":[]}", 400, "invalid-request");
        problem(
                "/api/transaction",
                "{\"statements\":[{\"sql\":\"select 1\"},{\"sql\":\"begin\"}]}",
                422,
                "statement-refused");
    }

    private static void problem(String path, String body, int status, String code) {
        post(path, body)
                .expectStatus()
                .isEqualTo(status)
                .expectHeader()
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .expectBody()
                .jsonPath("$.code")
                .isEqualTo(code);
    }

    private static WebTestClient.ResponseSpec post(String path, String body) {
        return client.post()
                .uri(path)
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(body)
                .exchange();
    }
}

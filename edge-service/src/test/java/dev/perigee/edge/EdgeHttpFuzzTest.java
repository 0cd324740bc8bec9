package dev.perigee.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.cache.ResultCache;
import dev.perigee.testing.Fuzz;
import dev.perigee.testing.HttpFuzz;
import dev.perigee.testing.HttpFuzz.Reply;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Any body and any header to a whole edge. What it takes for a statement it cannot send: home is not there. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "perigee.home-url=http://127.0.0.1:11",
            "perigee.auth-token=to-home",
            "perigee.edge.id=edge-1",
            "perigee.security.tokens[0].name=client",
            "perigee.security.tokens[0].value=the-client",
            "perigee.security.tokens[0].roles=CLIENT",
        })
class EdgeHttpFuzzTest {

    private static final String STATEMENT = "{\"sql\":\"select $1\",\"params\":[1]}";
    private static final String[] VALID = {STATEMENT, "{\"statements\":[" + STATEMENT + "," + STATEMENT + "]}"};

    private static final String[] VERSIONS = {
        "",
        ":",
        "7.1:1",
        "1",
        "-1",
        "7.1:-1",
        "99999999999999999999",
        "x",
        "7.1:1:1",
        "<b>:1",
        "\"1\"",
        "a".repeat(5000) + ":1"
    };
    private static final String[] CONTROLS = {
        "no-cache",
        "max-age",
        "max-age=",
        "max-age=-1",
        "max-age=1e9",
        "max-age=99999999999999999999",
        "max-age=\"1",
        "max-age==1",
        ",,,",
        "=",
        "only-if-cached",
        "stale-if-error=\"\"",
        "no-store, no-store",
        "\"",
        "max-age=\"\"\""
    };

    @LocalServerPort
    int port;

    @Autowired
    ResultCache cache;

    @Test
    void pastFailures() throws Exception {
        for (String body : HttpFuzz.past()) {
            answers("/api/query", "Bearer the-client", body.getBytes(StandardCharsets.UTF_8));
            answers("/api/transaction", "Bearer the-client", body.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void anyBodyIsRefusedOrSentHome() {
        Fuzz.trials(
                500,
                random -> answers(
                        Fuzz.any(random, "/api/query", "/api/transaction"),
                        "Bearer the-client",
                        HttpFuzz.body(random, VALID)));
        assertThat(cache.size()).isZero();
    }

    @Test
    void anyHeaderToo() {
        Fuzz.trials(
                300,
                random -> answers(
                        "/api/query",
                        random.nextInt(4) > 0
                                ? "Bearer the-client"
                                : Fuzz.any(
                                        random, "Bearer", "Bearer ", "bearer the-client", "Basic eDp5", "Bearer a b"),
                        STATEMENT.getBytes(StandardCharsets.UTF_8),
                        "Perigee-Min-Version",
                        Fuzz.any(random, VERSIONS),
                        "Cache-Control",
                        Fuzz.any(random, CONTROLS),
                        "Cache-Control",
                        Fuzz.any(random, CONTROLS)));
    }

    private void answers(String path, String token, byte[] body, String... headers) throws Exception {
        Reply reply = new HttpFuzz(port).send("POST", path, token, body, headers);
        String shown = path + " for fuzz/json.txt: " + new String(body, StandardCharsets.UTF_8);
        if (reply.status() >= 500) {
            assertThat(reply.code()).as(shown).isIn("home-unreachable", "not-cached");
        } else {
            assertThat(reply.status()).as(shown).isBetween(400, 499);
        }
    }
}

package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.perigee.e2e.Collector.Seen;
import dev.perigee.web.WireJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What services show to those who run them: traces, logs, their own description, what they are made of; and how they end. */
@Tag("long")
class TracingTest {

    private static final String READ = "SELECT n FROM traced WHERE name = $1";
    private static final String VALUE = "a-value-of-the-client";
    private static final String CALLER = "b7ad6b7169203331";

    private static Postgres postgres;
    private static Collector collector;
    private static Fleet fleet;

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = Postgres.start();
        postgres.sql(
                "CREATE TABLE traced (name text PRIMARY KEY, n int)", "INSERT INTO traced VALUES ('" + VALUE + "', 1)");
        collector = new Collector();
        String[] traced = {
            collector.endpoint(),
            "--management.opentelemetry.tracing.export.schedule-delay=50ms",
            "--logging.structured.format.console=ecs",
            // It has a line for every request.
            "--logging.level.org.springframework.web.server.adapter.HttpWebHandlerAdapter=debug"
        };
        fleet = new Fleet(postgres);
        fleet.startHome(Fleet.HOME, traced);
        fleet.startEdge("edge-1", traced);
        fleet.warm("edge-1", READ, VALUE);
    }

    @AfterAll
    static void stop() throws IOException {
        try {
            fleet.close();
            collector.close();
        } finally {
            postgres.close();
        }
    }

    @Test
    void oneTraceLeadsFromTheClientToTheDatabase() {
        String trace = newTrace();
        Answer answer = Http.send(
                request(trace, "01").header("Cache-Control", "no-cache").build());
        assertThat(answer.cacheStatus()).contains("fwd=request");

        List<Seen> spans = await("four spans")
                .atMost(Duration.ofSeconds(30))
                .until(() -> collector.trace(trace), seen -> seen.size() >= 4);
        Seen atEdge = single(spans, "perigee-edge", "SPAN_KIND_SERVER");
        Seen forward = single(spans, "perigee-edge", "SPAN_KIND_CLIENT");
        Seen atHome = single(spans, "perigee-home", "SPAN_KIND_SERVER");
        Seen statement = single(spans, "perigee-home", "SPAN_KIND_CLIENT");
        assertThat(List.of(atEdge.parent(), forward.parent(), atHome.parent(), statement.parent()))
                .containsExactly(CALLER, atEdge.id(), forward.id(), atHome.id());
        assertThat(atEdge.attributes())
                .containsEntry("perigee.cache.hit", "false")
                .containsEntry("perigee.cache.fwd", "request")
                .containsEntry("perigee.cache.detail", "no-cache")
                .containsEntry("perigee.version", answer.version());
        assertThat(atHome.attributes())
                .containsEntry("perigee.cacheability", "cacheable")
                .containsEntry("perigee.tables", "public.traced");
        assertThat(statement.name()).isEqualTo("SELECT");
        assertThat(statement.attributes()).containsEntry("db.system.name", "postgresql");
        assertThat(spans.toString()).doesNotContain(VALUE).doesNotContain("FROM traced");
    }

    /** Those beneath the framework have no span: a request of a trace goes the whole way. */
    @Test
    void aHitIsInTheTraceToo() {
        fleet.warm("edge-1", READ, VALUE);
        String unsampled = newTrace();
        String sampled = newTrace();
        for (int i = 0; i < 3; i++) {
            assertThat(Http.send(request(unsampled, "00").build()).cacheStatus())
                    .contains("; hit");
        }
        assertThat(Http.send(request(sampled, "01").build()).cacheStatus()).contains("; hit");

        List<Seen> spans = await("its span")
                .atMost(Duration.ofSeconds(30))
                .until(() -> collector.trace(sampled), seen -> !seen.isEmpty());
        assertThat(spans).singleElement().satisfies(span -> {
            assertThat(span.service()).isEqualTo("perigee-edge");
            assertThat(span.parent()).isEqualTo(CALLER);
            assertThat(span.attributes())
                    .containsEntry("perigee.cache.hit", "true")
                    .containsEntry("perigee.tables", "public.traced")
                    .doesNotContainKey("perigee.cache.fwd");
        });
        assertThat(collector.trace(unsampled)).isEmpty();
    }

    @Test
    void everyLineOfTheLogIsJsonAndKnowsItsTrace() {
        String trace = newTrace();
        Http.send(request(trace, "01").header("Cache-Control", "no-cache").build());
        for (String service : List.of(Fleet.HOME, "edge-1")) {
            await("a line of the request")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> fleet.process(service).log().contains(trace));
            List<JsonNode> ofTheTrace = new ArrayList<>();
            assertThat(fleet.process(service).log().lines()).noneMatch(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT.*"));
            // The JVM has its own lines.
            fleet.process(service)
                    .log()
                    .lines()
                    .filter(line -> line.startsWith("{"))
                    .forEach(line -> {
                        JsonNode json = WireJson.mapper().readTree(line);
                        assertThat(json.at("/@timestamp").asString("")).isNotEmpty();
                        assertThat(json.at("/ecs/version").asString("")).isNotEmpty();
                        assertThat(json.at("/log/level").asString("")).isNotEmpty();
                        assertThat(json.at("/service/name").asString("")).startsWith("perigee-");
                        if (trace.equals(json.path("trace.id").asString(""))) {
                            ofTheTrace.add(json);
                        }
                    });
            assertThat(ofTheTrace)
                    .isNotEmpty()
                    .allSatisfy(line ->
                            assertThat(line.path("span.id").asString("")).hasSize(16));
        }
    }

    @Test
    void eachServiceDescribesItself() throws IOException {
        for (String service : List.of(Fleet.HOME, "edge-1")) {
            URI base = service.equals(Fleet.HOME) ? fleet.home() : fleet.edge(service);
            String file = service.equals(Fleet.HOME) ? "openapi-home.json" : "openapi-edge.json";
            URI document = base.resolve("/v3/api-docs");
            assertThat(Http.get(document, Fleet.ADMIN).body()).isEqualTo(Files.readString(Path.of("../docs", file)));
            assertThat(Http.get(document, Fleet.CLIENT).status()).isEqualTo(200);
            assertThat(Http.get(document, Fleet.METRICS).status()).isEqualTo(403);
            assertThat(Http.get(document, null).status()).isEqualTo(401);

            Answer page = Http.get(base.resolve("/swagger-ui/index.html"), null);
            assertThat(page.header("Content-Security-Policy")).contains("script-src 'self';");
            assertThat(page.body()).doesNotContain("/api/");
            assertThat(Http.get(base.resolve("/swagger-ui/swagger-ui-bundle.js"), null)
                            .body())
                    .contains("SwaggerUIBundle");
            assertThat(Http.get(base.resolve("/swagger-ui"), null).header("Location"))
                    .isEqualTo("swagger-ui/index.html");
        }
    }

    @Test
    void eachServiceSaysWhatItIsMadeOf() {
        assumeTrue(
                Files.exists(Path.of("../home-service/target/classes/META-INF/sbom/application.cdx.json")),
                "Maven makes the CycloneDX documents only without -o");
        for (URI base : List.of(fleet.home(), fleet.edge("edge-1"))) {
            URI document = base.resolve("/actuator/sbom/application");
            JsonNode bom = Http.get(document, Fleet.ADMIN).json();
            assertThat(bom.at("/bomFormat").asString()).isEqualTo("CycloneDX");
            assertThat(bom.at("/components").toString()).contains("pkg:maven/io.netty/netty-buffer@");
            assertThat(Http.get(document, Fleet.CLIENT).status()).isEqualTo(403);
            assertThat(Http.get(document, null).status()).isEqualTo(401);
        }
    }

    /** SIGTERM: what is under way is answered. */
    @Test
    void aStatementUnderWayIsAnsweredBeforeTheEnd() throws Exception {
        try (Fleet ending = new Fleet(postgres).withoutBlockHound()) {
            ending.startHome().startEdge("edge-1");
            CompletableFuture<HttpResponse<String>> slow = HttpClient.newHttpClient()
                    .sendAsync(
                            Http.queryRequest(ending.edge("edge-1"), "SELECT 1 FROM pg_sleep(0.7)")
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            await("it runs")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> postgres.query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                                    + " AND query LIKE '%pg_sleep(0.7)%' AND pid <> pg_backend_pid()")
                            .equals("1"));
            ending.process("edge-1").terminate();
            ending.process(Fleet.HOME).terminate();
            assertThat(slow.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        }
    }

    private static HttpRequest.Builder request(String trace, String flags) {
        return Http.queryRequest(fleet.edge("edge-1"), READ, VALUE)
                .header("traceparent", "00-" + trace + "-" + CALLER + "-" + flags);
    }

    private static String newTrace() {
        byte[] id = new byte[16];
        ThreadLocalRandom.current().nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    private static Seen single(List<Seen> spans, String service, String kind) {
        return spans.stream()
                .filter(span -> span.service().equals(service) && span.kind().equals(kind))
                .reduce((one, other) -> {
                    throw new AssertionError("two " + kind + " of " + service + ": " + spans);
                })
                .orElseThrow(() -> new AssertionError("no " + kind + " of " + service + ": " + spans));
    }
}

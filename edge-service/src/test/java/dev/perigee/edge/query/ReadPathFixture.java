package dev.perigee.edge.query;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.QueryKey;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Statements;
import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.HomeAccess;
import dev.perigee.edge.link.HomeHttp;
import dev.perigee.edge.link.Homes;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.edge.link.LinkView;
import dev.perigee.model.Capacity;
import dev.perigee.model.EdgeConfig;
import dev.perigee.model.Eligibility;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.MinVersion;
import dev.perigee.web.Spans;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.reactivestreams.Publisher;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.util.unit.DataSize;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/** The read path, and small servers that speak like homes. */
abstract class ReadPathFixture {

    static final String READ = "select * from users";
    static final String WRITE = "update users set x = 1";

    final AtomicLong now = new AtomicLong();
    final AtomicInteger asked = new AtomicInteger();
    final Watermarks marks = new Watermarks();
    final ResultCache cache = new ResultCache(100, 1024 * 1024, marks, now::get);
    final Statements statements = new Statements(marks);
    Duration frozenFor = Duration.ZERO;
    Ticker ticker = now::get;
    InstantSource wallClock = InstantSource.fixed(Instant.parse("2026-01-01T00:00:10Z"));
    volatile LinkView view = view(10, 0L);
    volatile BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> home =
            (request, response) -> cacheable(response, 10, "v" + asked.get());
    DisposableServer server;
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    List<String> interest;
    /** Ports of the homes in order; only the server's own if null. */
    List<Integer> ports;
    /** What the second home does, if there is one. */
    DisposableServer second;

    final AtomicInteger askedSecond = new AtomicInteger();

    @BeforeEach
    void start() {
        marks.reset(at(10));
        // What home answers may be set later.
        server = serve(asked, (request, response) -> home.apply(request, response));
    }

    @AfterEach
    void stop() {
        server.disposeNow();
        if (second != null) {
            second.disposeNow();
        }
    }

    void disable() {
        view = withEligibility(view, false);
        cache.allow(false, null);
        cache.adapt();
    }

    static LinkView withEligibility(LinkView view, boolean enabled) {
        return new LinkView(
                view.status(),
                view.cursor(),
                view.completeTo(),
                view.visible(),
                view.currentAsOf(),
                view.generation(),
                view.homeId(),
                new Eligibility(enabled, Capacity.UNSPECIFIED),
                view.lastError());
    }

    double bypasses(String reason) {
        return registry.get("perigee.edge.bypasses")
                .tag("protocol", "http")
                .tag("reason", reason)
                .counter()
                .count();
    }

    void startSecond(BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> answer) {
        second = serve(askedSecond, answer);
    }

    /** Answers once a request has come in whole. */
    private static DisposableServer serve(
            AtomicInteger asked, BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> answer) {
        return HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle((request, response) -> request.receive()
                        .aggregate()
                        .asString()
                        .flatMap(body -> {
                            asked.incrementAndGet();
                            return Mono.from(answer.apply(request, response));
                        }))
                .bindNow();
    }

    /** A port at which nobody listens: it was free a moment ago. */
    static int closedPort() {
        DisposableServer closed = HttpServer.create().host("127.0.0.1").port(0).bindNow();
        closed.disposeNow();
        return closed.port();
    }

    List<URI> homes() {
        List<Integer> all = ports == null ? List.of(server.port()) : ports;
        return all.stream().map(port -> URI.create("http://127.0.0.1:" + port)).toList();
    }

    static Publisher<Void> hangUp(HttpServerRequest request, HttpServerResponse response) {
        response.withConnection(connection -> connection.dispose());
        return Mono.never();
    }

    static Publisher<Void> cacheable(HttpServerResponse response, long readAt, String value) {
        return response.header("Perigee-Cacheability", "cacheable")
                .header("Perigee-Version", "7.1:" + readAt)
                .header("Perigee-Tables", "public.users")
                .header("Content-Type", "application/json")
                .sendString(Mono.just("{\"rows\":[[\"" + value + "\"]]}"));
    }

    QueryService service(WhenStale whenStale, Duration staleIfError) {
        return service(whenStale, staleIfError, Duration.ofSeconds(5));
    }

    QueryService service(WhenStale whenStale, Duration staleIfError, Duration homeTimeout) {
        LinkProperties policy = new LinkProperties(
                "e",
                "default",
                null,
                Duration.ofSeconds(5),
                whenStale,
                staleIfError,
                Duration.ofSeconds(3),
                Duration.ofSeconds(30),
                interest);
        QueryMetrics metrics = new QueryMetrics(registry, new Traffic(cache), "http");
        EdgeConfig config = new EdgeConfig(EdgeConfig.Role.EDGE, homes(), "t", null, null, null);
        HomeClient client = new HttpHomeClient(
                HomeHttp.of(config, policy, HomeAccess.NONE, new DefaultSslBundleRegistry()),
                Homes.of(config),
                new HomeProperties(homeTimeout, 10, DataSize.ofMegabytes(1)),
                Spans.NONE);
        Forwarding forwarding =
                new Forwarding(client, cache, statements, config.defaultTtl(), policy.tables(), metrics, now::get);
        return new QueryService(
                this::viewAndFreeze,
                cache,
                statements,
                marks,
                forwarding,
                policy,
                metrics,
                () -> ticker.read(),
                () -> wallClock.instant(),
                HitListener.NOBODY);
    }

    /** As if the process had been stopped right after the link was looked at. */
    LinkView viewAndFreeze() {
        LinkView seen = view;
        now.addAndGet(frozenFor.toNanos());
        return seen;
    }

    Reply ask(QueryService service, String sql) {
        return ask(service, sql, null, null);
    }

    Reply ask(QueryService service, String sql, String control, String minVersion) {
        return service.query(read(
                        sql, control == null ? CacheControl.NONE : CacheControl.parse(List.of(control)), minVersion))
                .block(Duration.ofSeconds(10));
    }

    static Read read(String sql, CacheControl control, String minVersion) {
        return new Read(
                QueryKey.of(new QueryRequest(sql, List.of())),
                new Read.Body(("{\"sql\":\"" + sql + "\"}").getBytes(StandardCharsets.UTF_8)),
                control,
                minVersion == null ? null : MinVersion.parse(List.of(minVersion)));
    }

    static String status(Reply reply) {
        return reply.headers().getFirst("Cache-Status");
    }

    static String text(Reply reply) {
        return new String(reply.body(), StandardCharsets.UTF_8);
    }

    static LinkView view(long completeTo, Long currentAsOf) {
        return new LinkView(
                LinkView.Status.STREAMING,
                at(completeTo),
                at(completeTo),
                null,
                currentAsOf,
                1,
                "h",
                LinkView.UNRESTRICTED,
                null);
    }

    static StreamPosition at(long version) {
        return new StreamPosition("7.1", version);
    }
}

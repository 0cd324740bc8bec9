package dev.perigee.edge.query;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.perigee.edge.cache.QueryKey;
import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Statements;
import dev.perigee.edge.cache.Traffic;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.link.LinkView;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.ProblemCode;
import dev.perigee.model.QueryRequest;
import dev.perigee.web.MinVersion;
import dev.perigee.web.ProblemException;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** An edge's read path without the network: the real {@link QueryService}. */
public final class EdgeReads {

    /** The way to home. */
    public interface Home {

        /** Answers sooner or later, or never. */
        void ask(String sql, String minVersion, boolean readOnly, Call call);
    }

    /** A statement on its way to home. */
    public static final class Call {

        private final MonoSink<HomeAnswer> sink;

        Call(MonoSink<HomeAnswer> sink) {
            this.sink = sink;
        }

        /** Home's answer; what is null is not in it. */
        public void answer(int status, String body, String version, String cacheability, String tables, Long maxAge) {
            HttpHeaders headers = new DefaultHttpHeaders();
            headers.set("Content-Type", "application/json");
            if (version != null) {
                headers.set(PerigeeHeaders.VERSION, version);
            }
            if (cacheability != null) {
                headers.set(PerigeeHeaders.CACHEABILITY, cacheability);
            }
            if (tables != null) {
                headers.set(PerigeeHeaders.TABLES, tables);
            }
            if (maxAge != null) {
                headers.set("Cache-Control", "max-age=" + maxAge);
            }
            sink.success(new HomeAnswer(status, headers, body.getBytes(StandardCharsets.UTF_8)));
        }

        /** There is none. */
        public void fail(boolean sent, boolean readOnly) {
            ProblemCode code = !sent || readOnly ? ProblemCode.HOME_UNREACHABLE : ProblemCode.OUTCOME_UNKNOWN;
            sink.error(new ProblemException(code, "no answer"));
        }
    }

    /** An answer to a client. */
    public record Answered(int status, String body, String version, String asOf, String cacheStatus) {

        public boolean isHit() {
            return cacheStatus.contains("; hit");
        }
    }

    private final QueryService service;

    public EdgeReads(
            Supplier<LinkView> link,
            ResultCache cache,
            Statements statements,
            Watermarks watermarks,
            LinkProperties policy,
            Duration defaultTtl,
            MeterRegistry meters,
            Ticker ticker,
            InstantSource wallClock,
            Home home) {
        QueryMetrics metrics = new QueryMetrics(meters, new Traffic(cache), "http");
        HomeClient client = (path, body, minVersion, readOnly) -> Mono.create(sink -> home.ask(
                new String(body, StandardCharsets.UTF_8),
                minVersion == null ? null : minVersion.toString(),
                readOnly,
                new Call(sink)));
        Forwarding forwarding = new Forwarding(client, cache, statements, defaultTtl, policy.tables(), metrics, ticker);
        this.service = new QueryService(
                link,
                cache,
                statements,
                watermarks,
                forwarding,
                policy,
                metrics,
                ticker,
                wallClock,
                HitListener.NOBODY);
    }

    /**
     * Asks as a client would; what is null is not said.
     *
     * @param then must not throw: Reactor would drop it
     * @param broken is told of an error, of which there must be none
     */
    public void ask(
            String sql, String control, String minVersion, Consumer<Answered> then, Consumer<Throwable> broken) {
        Read read = new Read(
                QueryKey.of(new QueryRequest(sql, List.of())),
                new Read.Body(sql.getBytes(StandardCharsets.UTF_8)),
                control == null ? CacheControl.NONE : CacheControl.parse(List.of(control)),
                minVersion == null ? null : MinVersion.parse(List.of(minVersion)));
        service.query(read)
                .subscribe(
                        reply -> then.accept(new Answered(
                                reply.status(),
                                new String(reply.body(), StandardCharsets.UTF_8),
                                reply.headers().getFirst(PerigeeHeaders.VERSION),
                                reply.headers().getFirst(PerigeeHeaders.AS_OF),
                                reply.headers().getFirst(CacheStatus.HEADER))),
                        broken);
    }
}

package dev.perigee.edge.pgwire;

import dev.perigee.edge.cache.ResultCache;
import dev.perigee.edge.cache.Watermarks;
import dev.perigee.edge.link.LinkProperties;
import dev.perigee.edge.link.LinkProperties.WhenStale;
import dev.perigee.edge.link.LinkView;
import dev.perigee.edge.query.HomeAnswer;
import dev.perigee.edge.query.HomeAnswers;
import dev.perigee.edge.query.HomeClient;
import dev.perigee.model.Capacity;
import dev.perigee.model.Eligibility;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.model.StatementAnswer;
import dev.perigee.model.StatementRequest;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.MinVersion;
import dev.perigee.web.WireJson;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** What all sessions have in common: the cache, a view of the link made by hand, and a home that says what it is told to say. */
final class ReadsFixture implements HomeClient {

    static final String EPOCH = "7.1.1000000";
    static final Catalog CATALOG = new Catalog("app", List.of("public"));

    final AtomicLong now = new AtomicLong();
    final Watermarks marks = new Watermarks();
    final ResultCache cache = new ResultCache(1000, 1 << 24, marks, now::get, Runnable::run);
    final List<StatementRequest> asked = new ArrayList<>();
    /** What home says of a text; of any other, that it may be kept and reads {@code public.t}. */
    final Map<String, StatementAnswer> says = new HashMap<>();
    /** What home has not answered yet, while {@link #hold}. */
    final List<Runnable> held = new ArrayList<>();

    boolean hold;
    LinkView view = view(100, 90L);
    List<String> interest;
    WhenStale whenStale = WhenStale.BYPASS;
    Duration defaultTtl = Duration.ofMinutes(10);
    int maxResult = 100_000;

    ReadsFixture() {
        marks.reset(at(10));
    }

    WireReads reads() {
        LinkProperties policy = new LinkProperties(
                "e",
                "default",
                null,
                Duration.ofSeconds(5),
                whenStale,
                Duration.ZERO,
                Duration.ofSeconds(3),
                Duration.ofSeconds(30),
                interest);
        return new WireReads(
                () -> view, cache, marks, new StatementJudges(this, now::get), policy, defaultTtl, maxResult, now::get);
    }

    @Override
    public Mono<HomeAnswer> send(String path, byte[] body, MinVersion minVersion, boolean readOnly) {
        StatementRequest request = WireJson.tolerant().readValue(body, StatementRequest.class);
        asked.add(request);
        StatementAnswer answer = says.getOrDefault(request.sql(), cacheable(50, "public.t"));
        HomeAnswer reply = HomeAnswers.of(200, WireJson.mapper().writeValueAsBytes(answer));
        return hold
                ? Mono.create((MonoSink<HomeAnswer> sink) -> held.add(() -> sink.success(reply)))
                : Mono.just(reply);
    }

    /** Home answers everything that it has been asked. */
    void release() {
        List<Runnable> all = List.copyOf(held);
        held.clear();
        all.forEach(Runnable::run);
    }

    void change(long version, String... tables) {
        marks.raise(new InvalidationEvent(version, List.of(tables), Instant.EPOCH));
    }

    static StatementAnswer cacheable(long madeAt, String... tables) {
        return new StatementAnswer("cacheable", List.of(tables), EPOCH + ":" + madeAt, null);
    }

    static StatementAnswer refused(String reason) {
        return new StatementAnswer(reason, List.of(), EPOCH + ":50", null);
    }

    static LinkView view(long completeTo, Long visible) {
        return view(at(completeTo), visible == null ? null : at(visible), 0L, true);
    }

    static LinkView view(StreamPosition completeTo, StreamPosition visible, Long currentAsOf, boolean enabled) {
        return new LinkView(
                LinkView.Status.STREAMING,
                completeTo,
                completeTo,
                visible,
                currentAsOf,
                1,
                "h",
                new Eligibility(enabled, Capacity.UNSPECIFIED),
                null);
    }

    static StreamPosition at(long version) {
        return new StreamPosition(EPOCH, version);
    }

    static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}

package dev.perigee.edge.query;

import dev.perigee.edge.cache.QueryKey;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.web.KnownHead;
import dev.perigee.web.MinVersion;
import dev.perigee.web.ProblemException;
import dev.perigee.web.ShortCut;
import dev.perigee.web.Spans;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers hits over HTTP beneath the framework. Belongs to one connection. */
final class HitHandler extends ShortCut {

    private static final String PATH = "/api/query";
    private static final AsciiString TRACEPARENT = AsciiString.cached("traceparent");

    /** Of a request. Those that the read path goes by are read anew each time. */
    private static final List<AsciiString> FREE = List.of(
            HttpHeaderNames.CONTENT_LENGTH,
            HttpHeaderNames.CACHE_CONTROL,
            AsciiString.cached(PerigeeHeaders.MIN_VERSION),
            TRACEPARENT,
            AsciiString.cached("tracestate"),
            AsciiString.cached("baggage"),
            AsciiString.cached("x-request-id"));

    /** Of an answer. */
    private enum Field {
        CONTENT_TYPE(HttpHeaderNames.CONTENT_TYPE),
        CONTENT_LENGTH(HttpHeaderNames.CONTENT_LENGTH),
        CACHE_STATUS(CacheStatus.HEADER),
        AGE(HttpHeaderNames.AGE),
        AS_OF(PerigeeHeaders.AS_OF),
        VERSION(PerigeeHeaders.VERSION),
        TABLES(PerigeeHeaders.TABLES);

        private static final Field[] ALL = values();
        private static final List<AsciiString> NAMES = List.of(ALL).stream()
                .map(field -> AsciiString.cached(field.header))
                .toList();

        private final String header;

        Field(CharSequence header) {
            this.header = header.toString();
        }
    }

    private final QueryService service;
    private final Requests requests;
    private final boolean traced;

    /**
     * Answers one connection's.
     *
     * @param traced whether there are traces: a request that belongs to one goes the whole way, where its span is made
     */
    HitHandler(QueryService service, Requests requests, boolean traced) {
        this.service = service;
        this.requests = requests;
        this.traced = traced;
    }

    @Override
    protected @Nullable KnownHead head(HttpRequest request) {
        return request.uri().equals(PATH) ? KnownHead.of(request, FREE) : null;
    }

    @Override
    protected boolean learn(KnownHead head, HttpResponse answer) {
        String status = answer.headers().get(CacheStatus.HEADER);
        return status != null && CacheStatus.isHit(status) && head.answered(answer, Field.NAMES);
    }

    @Override
    protected @Nullable HttpResponse answer(KnownHead head, HttpRequest request, byte[] body) {
        HttpHeaders headers = request.headers();
        if (traced && Spans.isSampled(headers.get(TRACEPARENT))) {
            return null;
        }
        QueryKey key = requests.read(body);
        if (key == null) {
            return null;
        }
        MinVersion minVersion;
        try {
            minVersion = MinVersion.parse(headers.getAll(PerigeeHeaders.MIN_VERSION));
        } catch (ProblemException malformed) {
            return null;
        }
        CacheControl control = CacheControl.parse(headers.getAll(HttpHeaderNames.CACHE_CONTROL));
        Hit hit = service.hit(new Read(key, new Read.Body(body), control, minVersion));
        return hit == null
                ? null
                : ok(
                        head.answer(place -> value(Field.ALL[place], hit)),
                        hit.result().body());
    }

    private static CharSequence value(Field field, Hit hit) {
        return switch (field) {
            case CONTENT_TYPE -> hit.result().contentType();
            case CONTENT_LENGTH -> Integer.toString(hit.result().body().length);
            case CACHE_STATUS -> hit.cacheStatus();
            case AGE -> Long.toString(hit.ageSeconds());
            case AS_OF -> hit.asOf().toString();
            case VERSION -> hit.version().toString();
            case TABLES -> hit.result().tablesHeader();
        };
    }
}

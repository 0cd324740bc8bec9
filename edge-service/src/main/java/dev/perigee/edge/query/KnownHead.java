package dev.perigee.edge.query;

import dev.perigee.model.PerigeeHeaders;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request that was let in, all of it looked at, on this connection, and the head of the answer from memory that
 * it was given. What has the same head is let in for the same reasons, and answered with the same fields. Not thread-safe.
 */
final class KnownHead {

    private static final String PATH = "/api/query";

    /** Those whose values differ from request to request and have no part in who may do what. */
    private static final Set<AsciiString> FREE = Set.of(
            HttpHeaderNames.CONTENT_LENGTH,
            HttpHeaderNames.CACHE_CONTROL,
            AsciiString.cached("perigee-min-version"),
            AsciiString.cached("traceparent"),
            AsciiString.cached("tracestate"),
            AsciiString.cached("baggage"),
            AsciiString.cached("x-request-id"));

    /** With one of these a request is more than its head and its body. */
    private static final List<AsciiString> SPECIAL = List.of(
            HttpHeaderNames.EXPECT,
            HttpHeaderNames.UPGRADE,
            HttpHeaderNames.CONNECTION,
            HttpHeaderNames.TRANSFER_ENCODING,
            HttpHeaderNames.CONTENT_ENCODING);

    /** The fields of an answer, in its order, that are not the same in every answer. */
    private enum Field {
        CONTENT_TYPE(HttpHeaderNames.CONTENT_TYPE),
        CONTENT_LENGTH(HttpHeaderNames.CONTENT_LENGTH),
        CACHE_STATUS(CacheStatus.HEADER),
        AGE(HttpHeaderNames.AGE),
        AS_OF(PerigeeHeaders.AS_OF),
        VERSION(PerigeeHeaders.VERSION),
        TABLES(PerigeeHeaders.TABLES);

        private final String header;

        Field(CharSequence header) {
            this.header = header.toString();
        }

        static @Nullable Field of(CharSequence name) {
            for (Field field : values()) {
                if (AsciiString.contentEqualsIgnoreCase(field.header, name)) {
                    return field;
                }
            }
            return null;
        }
    }

    /** One field of the answer: what it says each time, or which of those that differ it is. */
    private record Line(
            CharSequence name,
            @Nullable CharSequence value,
            @Nullable Field field) {}

    private final List<Map.Entry<CharSequence, CharSequence>> fixed;
    private final List<Line> answer = new ArrayList<>();

    private KnownHead(List<Map.Entry<CharSequence, CharSequence>> fixed) {
        this.fixed = fixed;
    }

    /** What may become known once it has been answered from memory; null if it is no plain request for a query. */
    static @Nullable KnownHead of(HttpRequest request) {
        if (!isQuery(request)) {
            return null;
        }
        HttpHeaders headers = request.headers();
        for (AsciiString special : SPECIAL) {
            if (headers.contains(special)) {
                return null;
            }
        }
        List<Map.Entry<CharSequence, CharSequence>> fixed = new ArrayList<>();
        for (Iterator<Map.Entry<CharSequence, CharSequence>> all = headers.iteratorCharSequence(); all.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> header = all.next();
            if (!isFree(header.getKey())) {
                fixed.add(Map.entry(header.getKey(), header.getValue()));
            }
        }
        return new KnownHead(fixed);
    }

    private static boolean isQuery(HttpRequest request) {
        return request.decoderResult().isSuccess()
                && request.method().equals(HttpMethod.POST)
                && request.uri().equals(PATH)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    }

    /** Learns from the answer to it; whether that was a plain answer from memory. */
    boolean answered(HttpResponse response) {
        HttpHeaders headers = response.headers();
        String status = headers.get(CacheStatus.HEADER);
        if (!response.status().equals(HttpResponseStatus.OK)
                || status == null
                || !CacheStatus.isHit(status)
                || headers.contains(HttpHeaderNames.CONNECTION)
                || headers.contains(HttpHeaderNames.TRANSFER_ENCODING)
                || headers.contains(HttpHeaderNames.CONTENT_ENCODING)) {
            return false;
        }
        for (Iterator<Map.Entry<CharSequence, CharSequence>> all = headers.iteratorCharSequence(); all.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> header = all.next();
            Field field = Field.of(header.getKey());
            CharSequence value = field == null ? header.getValue() : null;
            answer.add(new Line(header.getKey(), value, field));
        }
        return true;
    }

    /** Whether a request has this head. */
    boolean isOf(HttpRequest request) {
        if (!isQuery(request)) {
            return false;
        }
        int next = 0;
        Iterator<Map.Entry<CharSequence, CharSequence>> all = request.headers().iteratorCharSequence();
        while (all.hasNext()) {
            Map.Entry<CharSequence, CharSequence> header = all.next();
            CharSequence name = header.getKey();
            if (next < fixed.size()
                    && AsciiString.contentEqualsIgnoreCase(fixed.get(next).getKey(), name)) {
                if (!AsciiString.contentEquals(fixed.get(next).getValue(), header.getValue())) {
                    return false;
                }
                next++;
            } else if (!isFree(name) || !isPrintable(header.getValue())) {
                return false;
            }
        }
        return next == fixed.size();
    }

    private static boolean isFree(CharSequence name) {
        for (AsciiString free : FREE) {
            if (free.contentEqualsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    /** The firewall refuses others, and is not asked again. */
    private static boolean isPrintable(CharSequence value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }

    /** The head of the answer. */
    HttpHeaders answer(Hit hit) {
        HttpHeaders headers =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        for (int i = 0; i < answer.size(); i++) {
            Line line = answer.get(i);
            Field field = line.field();
            CharSequence value = field == null ? line.value() : value(field, hit);
            if (value != null) {
                headers.add(line.name(), value);
            }
        }
        return headers;
    }

    private static CharSequence value(Field field, Hit hit) {
        return switch (field) {
            case CONTENT_TYPE -> hit.result().contentType();
            case CONTENT_LENGTH -> Integer.toString(hit.result().body().length);
            case CACHE_STATUS -> hit.cacheStatus();
            case AGE -> Long.toString(hit.ageSeconds());
            case AS_OF -> asOf(hit.asOf());
            case VERSION -> hit.version().toString();
            case TABLES -> hit.result().tablesHeader();
        };
    }

    private static String asOf(Instant moment) {
        return moment.toString();
    }
}

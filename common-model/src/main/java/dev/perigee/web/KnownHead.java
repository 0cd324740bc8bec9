package dev.perigee.web;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request that was let in, all of it looked at, and the head of the answer that it was given. What has the
 * same head on the same connection is let in for the same reasons, and answered with the same fields. Not thread-safe.
 */
public final class KnownHead {

    /** With one of these a request, or an answer, is more than a head and a body. */
    private static final List<AsciiString> SPECIAL = List.of(
            HttpHeaderNames.EXPECT,
            HttpHeaderNames.UPGRADE,
            HttpHeaderNames.CONNECTION,
            HttpHeaderNames.TRANSFER_ENCODING,
            HttpHeaderNames.CONTENT_ENCODING);

    private final String uri;
    private final List<AsciiString> free;
    private final List<Line> request;
    private List<Line> answer = List.of();

    /** A field: what it says each time, or, where that is null, its place among those that differ. */
    private record Line(CharSequence name, @Nullable CharSequence value, int place) {}

    private KnownHead(String uri, List<AsciiString> free, List<Line> request) {
        this.uri = uri;
        this.free = free;
        this.request = request;
    }

    /**
     * What may become known once it has been answered; null if it is more than a plain POST.
     *
     * @param free fields that may differ or be absent, because they have no part in who may do what
     */
    public static @Nullable KnownHead of(HttpRequest request, List<AsciiString> free) {
        return isPlain(request) && !isSpecial(request.headers())
                ? new KnownHead(
                        request.uri(),
                        free,
                        lines(request.headers(), free).stream()
                                .filter(line -> line.value() != null)
                                .toList())
                : null;
    }

    private static boolean isPlain(HttpRequest request) {
        return request.decoderResult().isSuccess()
                && request.method().equals(HttpMethod.POST)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    }

    private static boolean isSpecial(HttpHeaders headers) {
        return SPECIAL.stream().anyMatch(headers::contains);
    }

    private static List<Line> lines(HttpHeaders headers, List<AsciiString> different) {
        List<Line> lines = new ArrayList<>(headers.size());
        Iterator<Map.Entry<CharSequence, CharSequence>> fields = headers.iteratorCharSequence();
        while (fields.hasNext()) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            int place = place(field.getKey(), different);
            lines.add(new Line(field.getKey(), place < 0 ? field.getValue() : null, place));
        }
        return lines;
    }

    private static int place(CharSequence name, List<AsciiString> names) {
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).contentEqualsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Learns from the answer to it.
     *
     * @param different the fields whose values are not the same in every such answer
     * @return whether that was a plain 200
     */
    public boolean answered(HttpResponse response, List<AsciiString> different) {
        answer = lines(response.headers(), different);
        return response.status().equals(HttpResponseStatus.OK)
                && response.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
                && !isSpecial(response.headers());
    }

    /** The path it asks for. */
    public String uri() {
        return uri;
    }

    /** Whether a request has this head. */
    public boolean isOf(HttpRequest other) {
        if (!isPlain(other) || !other.uri().equals(uri)) {
            return false;
        }
        int next = 0;
        Iterator<Map.Entry<CharSequence, CharSequence>> fields = other.headers().iteratorCharSequence();
        while (fields.hasNext()) {
            Map.Entry<CharSequence, CharSequence> field = fields.next();
            if (next < request.size() && isSame(request.get(next), field)) {
                next++;
            } else if (place(field.getKey(), free) < 0 || !isPrintable(field.getValue())) {
                return false;
            }
        }
        return next == request.size();
    }

    private static boolean isSame(Line line, Map.Entry<CharSequence, CharSequence> field) {
        CharSequence value = line.value();
        return value != null
                && AsciiString.contentEqualsIgnoreCase(line.name(), field.getKey())
                && AsciiString.contentEquals(value, field.getValue());
    }

    /** Others are refused, and who refuses them is not asked again. */
    private static boolean isPrintable(CharSequence value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }

    /**
     * The head of an answer.
     *
     * @param values of the fields that differ, by their place in what {@link #answered} was given
     */
    public HttpHeaders answer(IntFunction<? extends CharSequence> values) {
        HttpHeaders headers =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        for (int i = 0; i < answer.size(); i++) {
            Line line = answer.get(i);
            CharSequence value = line.value();
            headers.add(line.name(), value == null ? values.apply(line.place()) : value);
        }
        return headers;
    }
}

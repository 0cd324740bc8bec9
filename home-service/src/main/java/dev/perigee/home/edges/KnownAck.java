package dev.perigee.home.edges;

import dev.perigee.model.EdgeRegistration;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The head of an acknowledgement that was let in on this connection, and the head of the answer it was given. What has the
 * same head, but for the length of the body, is let in for the same reasons and answered with the same fields. Not
 * thread-safe.
 */
final class KnownAck {

    private static final String BEFORE_ID = "/api/edge/";
    private static final String AFTER_ID = "/ack";

    /** With one of these a request is more than its head and its body. */
    private static final List<CharSequence> SPECIAL = List.of(
            HttpHeaderNames.EXPECT,
            HttpHeaderNames.UPGRADE,
            HttpHeaderNames.CONNECTION,
            HttpHeaderNames.TRANSFER_ENCODING,
            HttpHeaderNames.CONTENT_ENCODING);

    private final String uri;
    private final String edgeId;
    private final List<Map.Entry<String, String>> fields;
    private List<Map.Entry<String, String>> answer = List.of();

    private KnownAck(String uri, String edgeId, List<Map.Entry<String, String>> fields) {
        this.uri = uri;
        this.edgeId = edgeId;
        this.fields = fields;
    }

    /** What may become known once it has been answered; null if it is no plain acknowledgement. */
    static @Nullable KnownAck of(HttpRequest request) {
        String uri = request.uri();
        if (!isPlain(request) || !uri.startsWith(BEFORE_ID) || !uri.endsWith(AFTER_ID)) {
            return null;
        }
        int end = uri.length() - AFTER_ID.length();
        String edgeId = end < BEFORE_ID.length() ? "" : uri.substring(BEFORE_ID.length(), end);
        if (!EdgeRegistration.isEdgeId(edgeId)) {
            return null;
        }
        for (CharSequence special : SPECIAL) {
            if (request.headers().contains(special)) {
                return null;
            }
        }
        return new KnownAck(
                uri,
                edgeId,
                fields(request.headers()).stream()
                        .filter(field -> !isLength(field.getKey()))
                        .toList());
    }

    private static boolean isPlain(HttpRequest request) {
        return request.decoderResult().isSuccess()
                && request.method().equals(HttpMethod.POST)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    }

    private static List<Map.Entry<String, String>> fields(HttpHeaders headers) {
        List<Map.Entry<String, String>> fields = new ArrayList<>(headers.size());
        headers.iteratorAsString().forEachRemaining(field -> fields.add(Map.entry(field.getKey(), field.getValue())));
        return fields;
    }

    private static boolean isLength(CharSequence name) {
        return HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name);
    }

    /** Learns from the answer to it; whether that was a plain success. */
    boolean answered(HttpResponse response) {
        HttpHeaders headers = response.headers();
        answer = fields(headers);
        return response.status().equals(HttpResponseStatus.OK)
                && headers.contains(HttpHeaderNames.CONTENT_LENGTH)
                && SPECIAL.stream().noneMatch(headers::contains);
    }

    /** Whether a request has this head. */
    boolean isOf(HttpRequest request) {
        if (!isPlain(request) || !request.uri().equals(uri)) {
            return false;
        }
        int next = 0;
        Iterator<Map.Entry<String, String>> all = request.headers().iteratorAsString();
        while (all.hasNext()) {
            Map.Entry<String, String> field = all.next();
            if (next < fields.size()
                    && fields.get(next).getKey().equals(field.getKey())
                    && fields.get(next).getValue().equals(field.getValue())) {
                next++;
            } else if (!isLength(field.getKey())) {
                return false;
            }
        }
        return next == fields.size();
    }

    String edgeId() {
        return edgeId;
    }

    /** The head of an answer of so many bytes. */
    HttpHeaders answer(int length) {
        HttpHeaders headers =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        for (int i = 0; i < answer.size(); i++) {
            String name = answer.get(i).getKey();
            headers.add(
                    name,
                    isLength(name) ? Integer.toString(length) : answer.get(i).getValue());
        }
        return headers;
    }
}

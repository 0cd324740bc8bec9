package dev.perigee.edge.query;

import dev.perigee.edge.cache.CachedResult;
import dev.perigee.model.PerigeeHeaders;
import dev.perigee.web.ProblemException;
import dev.perigee.web.WireJson;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Mono;

/** An answer to a client, ready to be written. */
final class Reply {

    private final int status;
    private final byte[] body;
    private final HttpHeaders headers = new HttpHeaders();

    private Reply(int status, byte[] body, @Nullable String contentType, String cacheStatus) {
        this.status = status;
        this.body = body;
        set(HttpHeaders.CONTENT_TYPE, contentType);
        set(CacheStatus.HEADER, cacheStatus);
    }

    /** From memory: the stored bytes as they are. */
    static Reply hit(Hit hit) {
        CachedResult result = hit.result();
        Reply reply = new Reply(200, result.body(), result.contentType(), hit.cacheStatus());
        reply.asOf(hit.ageSeconds(), hit.asOf());
        reply.set(PerigeeHeaders.VERSION, hit.version().toString());
        reply.set(PerigeeHeaders.CACHEABILITY, PerigeeHeaders.CACHEABLE);
        reply.set(PerigeeHeaders.TABLES, result.tablesHeader());
        return reply;
    }

    /** From home: status, body and what explains it. */
    static Reply forwarded(HomeAnswer answer, String cacheStatus) {
        Reply reply = new Reply(answer.status(), answer.body(), answer.contentType(), cacheStatus);
        reply.set(PerigeeHeaders.VERSION, answer.version());
        reply.set(HttpHeaders.RETRY_AFTER, answer.retryAfter());
        reply.set(PerigeeHeaders.CACHEABILITY, answer.cacheability());
        reply.set(PerigeeHeaders.TABLES, answer.tables());
        return reply;
    }

    /** An error of our own, which explains itself like any other answer. */
    static Reply problem(ProblemException problem, String cacheStatus) {
        return new Reply(
                problem.code().status(),
                WireJson.mapper().writeValueAsBytes(problem.toProblemDetail()),
                MediaType.APPLICATION_PROBLEM_JSON_VALUE,
                cacheStatus);
    }

    /** Says as of when it is current. */
    void asOf(long ageSeconds, Instant moment) {
        set(HttpHeaders.AGE, Long.toString(ageSeconds));
        set(PerigeeHeaders.AS_OF, moment.toString());
    }

    int status() {
        return status;
    }

    byte[] body() {
        return body;
    }

    HttpHeaders headers() {
        return headers;
    }

    Mono<Void> writeTo(ServerHttpResponse response) {
        response.setRawStatusCode(status);
        response.getHeaders().putAll(headers);
        response.getHeaders().setContentLength(body.length);
        return response.writeWith(Mono.just(response.bufferFactory().wrap(body)));
    }

    private void set(String name, @Nullable String value) {
        if (value != null) {
            headers.set(name, value);
        }
    }
}

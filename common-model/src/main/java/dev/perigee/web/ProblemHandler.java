package dev.perigee.web;

import dev.perigee.model.ProblemCode;
import io.netty.channel.ChannelException;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;

/**
 * Turns whatever a request ended in into problem details (RFC 9457) with a stable code. Sees every error, those of
 * filters and of routing included; what it does not know is logged and answered without a word about its insides.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class ProblemHandler implements WebExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(ProblemHandler.class);

    private static final Pattern CLASS_NAME = Pattern.compile("(?:\\b[a-z]+\\.)++([A-Z])");
    private static final int LONGEST_DETAIL = 500;

    private static final Map<Integer, ProblemCode> BY_STATUS = Map.of(
            400, ProblemCode.INVALID_REQUEST,
            401, ProblemCode.UNAUTHORIZED,
            403, ProblemCode.FORBIDDEN,
            404, ProblemCode.NOT_FOUND,
            405, ProblemCode.METHOD_NOT_ALLOWED,
            406, ProblemCode.NOT_ACCEPTABLE,
            413, ProblemCode.PAYLOAD_TOO_LARGE,
            415, ProblemCode.UNSUPPORTED_MEDIA_TYPE);

    @Override
    public Mono<Void> handle(ServerWebExchange exchange, Throwable error) {
        ServerHttpResponse response = exchange.getResponse();
        if (response.isCommitted() || error instanceof AuthenticationException) {
            return Mono.error(error);
        }
        if (error instanceof ErrorResponse answer) {
            response.getHeaders().addAll(answer.getHeaders());
        }
        if (error instanceof ProblemException known && known.retryAfter() != null) {
            response.getHeaders()
                    .set(
                            HttpHeaders.RETRY_AFTER,
                            Long.toString(Math.max(1, known.retryAfter().toSeconds())));
        }
        return write(response, toProblemDetail(error));
    }

    /** Writes a problem as the whole answer. */
    public static Mono<Void> write(ServerHttpResponse response, ProblemDetail problem) {
        byte[] body = WireJson.mapper().writeValueAsBytes(problem);
        response.setRawStatusCode(problem.getStatus());
        HttpHeaders headers = response.getHeaders();
        headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        headers.setContentLength(body.length);
        headers.setCacheControl("no-store");
        return response.writeWith(
                Mono.fromSupplier(() -> response.bufferFactory().wrap(body)));
    }

    private static ProblemDetail toProblemDetail(Throwable error) {
        if (error instanceof ProblemException known) {
            return known.toProblemDetail();
        }
        if (find(error, DataBufferLimitException.class) != null) {
            return ProblemException.problemDetail(ProblemCode.PAYLOAD_TOO_LARGE, "The body is larger than the limit.");
        }
        // What Reactor Netty makes of a request that takes too long; its own type for it is not public.
        if (find(error, ChannelException.class) != null) {
            return ProblemException.problemDetail(ProblemCode.REQUEST_TIMEOUT, "The body took longer than the limit.");
        }
        if (error instanceof AccessDeniedException) {
            return ProblemException.problemDetail(ProblemCode.FORBIDDEN, "The token has none of the roles required.");
        }
        if (error instanceof ErrorResponse answer) {
            ProblemCode code = BY_STATUS.getOrDefault(
                    answer.getStatusCode().value(),
                    answer.getStatusCode().is4xxClientError() ? ProblemCode.INVALID_REQUEST : null);
            if (code != null) {
                return ProblemException.problemDetail(code, detail(error, answer));
            }
        }
        log.error("Unexpected error", error);
        return ProblemException.problemDetail(ProblemCode.INTERNAL_ERROR, "The error has been logged.");
    }

    private static @Nullable String detail(Throwable error, ErrorResponse answer) {
        IllegalArgumentException refused = find(error, IllegalArgumentException.class);
        if (refused != null) {
            return refused.getMessage();
        }
        JacksonException malformed = find(error, JacksonException.class);
        return malformed != null
                ? presentable(malformed.getOriginalMessage())
                : answer.getBody().getDetail();
    }

    /** What is wrong with the body, without the names of our classes and at no great length. */
    private static String presentable(@Nullable String message) {
        String shown = CLASS_NAME.matcher(String.valueOf(message)).replaceAll("$1");
        return shown.length() <= LONGEST_DETAIL ? shown : shown.substring(0, LONGEST_DETAIL) + "…";
    }

    private static <T extends Throwable> @Nullable T find(Throwable error, Class<T> type) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }
}

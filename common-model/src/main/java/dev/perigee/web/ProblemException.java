package dev.perigee.web;

import dev.perigee.model.ProblemCode;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;

/** An error answer (RFC 9457) on its way to the client. The detail is for the client to read: no secrets in it. */
public final class ProblemException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}]");

    private final ProblemCode code;
    private final transient Map<String, Object> members = new LinkedHashMap<>();
    private @Nullable Duration retryAfter;

    public ProblemException(ProblemCode code, String detail) {
        this(code, detail, null);
    }

    public ProblemException(ProblemCode code, String detail, @Nullable Throwable cause) {
        super(detail, cause);
        this.code = code;
    }

    /** Adds an extension member to the answer. */
    public ProblemException with(String member, Object value) {
        members.put(member, value);
        return this;
    }

    /** Says when it is worth trying again, in whole seconds, in the field {@code Retry-After}. */
    public ProblemException retryAfter(Duration delay) {
        retryAfter = delay;
        return this;
    }

    /** When it is worth trying again, or null if nothing is known of that. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }

    /** The stable code. */
    public ProblemCode code() {
        return code;
    }

    /** The body of the answer. */
    public ProblemDetail toProblemDetail() {
        ProblemDetail problem = problemDetail(code, getMessage());
        members.forEach(problem::setProperty);
        return problem;
    }

    /**
     * A body with this code and detail, and no further members. The detail may repeat what the client sent: of that only
     * what can be shown.
     */
    public static ProblemDetail problemDetail(ProblemCode code, @Nullable String detail) {
        ProblemDetail problem = ProblemDetail.forStatus(HttpStatusCode.valueOf(code.status()));
        problem.setType(URI.create("urn:perigee:problem:" + code.code()));
        problem.setTitle(code.title());
        problem.setDetail(detail == null ? null : UNPRINTABLE.matcher(detail).replaceAll("?"));
        problem.setProperty("code", code.code());
        return problem;
    }
}

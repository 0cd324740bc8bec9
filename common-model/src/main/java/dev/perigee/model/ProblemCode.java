package dev.perigee.model;

import java.util.Locale;

/** The stable {@code code} of every error answer (RFC 9457), with its HTTP status and title. */
public enum ProblemCode {
    INVALID_REQUEST(400, "The request is not valid"),
    UNAUTHORIZED(401, "A valid bearer token is required"),
    FORBIDDEN(403, "The token does not allow this"),
    EDGE_ID_MISMATCH(403, "The token is bound to another edge id"),
    NOT_FOUND(404, "There is nothing here"),
    EDGE_UNKNOWN(404, "No such edge is registered"),
    ELIGIBILITY_UNKNOWN(404, "This edge was never enabled"),
    METHOD_NOT_ALLOWED(405, "The method is not allowed here"),
    NOT_ACCEPTABLE(406, "No acceptable representation"),
    REQUEST_TIMEOUT(408, "The request did not come in whole in time"),
    GENERATION_FENCED(409, "A newer session of this edge has taken over"),
    CONFLICT(409, "The statement conflicts with another"),
    CONSTRAINT_VIOLATION(409, "The statement violates a constraint"),
    PAYLOAD_TOO_LARGE(413, "The request is too large"),
    UNSUPPORTED_MEDIA_TYPE(415, "The media type is not supported"),
    TABLE_UNKNOWN(422, "No such table"),
    SQL_ERROR(422, "PostgreSQL refused the statement"),
    STATEMENT_REFUSED(422, "This kind of statement cannot be run here"),
    VERSION_UNKNOWN(422, "The version asked for has not happened yet"),
    RESULT_TOO_LARGE(422, "The result is larger than the limit"),
    TOO_MANY_ATTEMPTS(429, "Too many wrong tokens from this address"),
    INTERNAL_ERROR(500, "Something went wrong here"),
    HOME_UNREACHABLE(502, "Home cannot be reached"),
    HOME_ANSWER_INVALID(502, "Home gave an answer that makes no sense"),
    OUTCOME_UNKNOWN(502, "The connection was lost: the statement may or may not have taken effect"),
    CAPACITY_EXCEEDED(503, "No more edges are accepted"),
    TUNNELS_EXHAUSTED(503, "No more tunnels to the database are opened"),
    CONSOLES_EXHAUSTED(503, "No more consoles are served"),
    DATABASE_UNAVAILABLE(503, "The database cannot be reached"),
    ISSUER_UNAVAILABLE(503, "The token cannot be checked now"),
    FEED_UNAVAILABLE(503, "The database's change feed is not connected"),
    SHUTTING_DOWN(503, "The service is shutting down"),
    TOO_STALE(503, "The edge is staler than its bound and home cannot be asked"),
    STATEMENT_TIMEOUT(504, "The statement took too long"),
    HOME_TIMEOUT(504, "Home did not answer in time"),
    NOT_CACHED(504, "Only a cached answer was asked for, and there is none");

    private final int status;
    private final String title;

    ProblemCode(int status, String title) {
        this.status = status;
        this.title = title;
    }

    /** The HTTP status it goes with. */
    public int status() {
        return status;
    }

    /** A sentence for people, the same for every occurrence. */
    public String title() {
        return title;
    }

    /** As it is written on the wire: {@code capacity-exceeded}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

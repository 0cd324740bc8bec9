package dev.perigee.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One SQL statement with the values of its parameters {@code $1}, {@code $2}, ….
 *
 * @param sql exactly one statement
 * @param params JSON values: numbers, strings, booleans, null, arrays (PostgreSQL arrays) and objects (json)
 */
public record QueryRequest(String sql, List<@Nullable Object> params) {

    /** PostgreSQL's protocol counts parameters in an unsigned 16-bit number; we stay at what JDBC allows. */
    public static final int MAX_PARAMS = 32_767;

    public QueryRequest {
        Validation.check(sql != null && !sql.isBlank(), "sql must not be empty");
        Validation.check(sql.indexOf('\0') < 0, "sql must not contain a NUL character");
        Validation.check(params == null || params.size() <= MAX_PARAMS, "at most " + MAX_PARAMS + " params");
        params = params == null ? List.of() : Collections.unmodifiableList(new ArrayList<>(params));
    }
}

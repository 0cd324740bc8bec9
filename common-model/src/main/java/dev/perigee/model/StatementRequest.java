package dev.perigee.model;

import java.util.List;

/**
 * Asks whether the results of a statement may be kept that runs in a session elsewhere, straight at the database.
 *
 * @param sql exactly one statement, read with {@code standard_conforming_strings = on}
 * @param database that the session is connected to
 * @param schemas its search path, as {@code pg_catalog.current_schemas(true)} gives it there; without temporary ones
 */
public record StatementRequest(String sql, String database, List<String> schemas) {

    /** The most schemas of a search path. */
    public static final int MAX_SCHEMAS = 100;

    private static final int LONGEST_NAME = 255;

    public StatementRequest {
        Validation.check(sql != null && !sql.isBlank(), "sql must not be empty");
        Validation.check(sql.indexOf('\0') < 0, "sql must not contain a NUL character");
        Validation.check(isName(database), "database must be the name of one");
        Validation.check(
                schemas != null && !schemas.isEmpty() && schemas.size() <= MAX_SCHEMAS,
                "schemas must be 1 to " + MAX_SCHEMAS);
        Validation.check(schemas.stream().allMatch(StatementRequest::isName), "schemas must be names");
        Validation.check(
                schemas.stream().noneMatch(schema -> schema.startsWith("pg_temp")),
                "nothing can be said of a session with temporary objects");
        schemas = List.copyOf(schemas);
    }

    private static boolean isName(String name) {
        return name != null && !name.isEmpty() && name.length() <= LONGEST_NAME && name.indexOf('\0') < 0;
    }
}

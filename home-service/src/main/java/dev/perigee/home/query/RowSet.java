package dev.perigee.home.query;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a statement came to.
 *
 * @param columns null if it returns none, as an INSERT without RETURNING
 * @param rows values in PostgreSQL's text format, null for NULL
 * @param count how many rows the statement concerned, or 0
 */
record RowSet(@Nullable List<Column> columns, List<List<@Nullable String>> rows, long count) {

    /**
     * A column of a result.
     *
     * @param type object id of the type
     */
    record Column(String name, int type) {}
}

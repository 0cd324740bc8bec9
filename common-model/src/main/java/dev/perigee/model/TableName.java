package dev.perigee.model;

import java.util.regex.Pattern;

/** How a table is written on the wire: {@code schema.table}, each part quoted as in SQL only if it needs it. */
public final class TableName {

    private static final Pattern PLAIN = Pattern.compile("[a-z_][a-z0-9_$]*");

    private TableName() {}

    /** The qualified name of a table, from the names as they stand in the catalog. */
    public static String qualified(String schema, String table) {
        return part(schema) + "." + part(table);
    }

    private static String part(String name) {
        return PLAIN.matcher(name).matches() ? name : '"' + name.replace("\"", "\"\"") + '"';
    }
}

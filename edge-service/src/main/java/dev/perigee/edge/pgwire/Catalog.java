package dev.perigee.edge.pgwire;

import java.util.List;

/**
 * What the names in a statement are resolved by.
 *
 * @param schemas the effective search path, as {@code current_schemas(true)} gives it
 */
record Catalog(String database, List<String> schemas) {}

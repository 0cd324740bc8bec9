package dev.perigee.model;

import java.time.Instant;
import java.util.List;

/**
 * Results read from these tables at or below this version are stale.
 *
 * @param upToVersion every entry of the tables whose version is at or below it is dropped
 * @param tables qualified names ({@code schema.table}), in ascending order; empty means every table
 * @param committedAt the commit time by the database's clock
 */
public record InvalidationEvent(long upToVersion, List<String> tables, Instant committedAt) implements StreamEvent {

    /** The {@code event:} field. */
    public static final String EVENT = "invalidate";

    public InvalidationEvent {
        tables = List.copyOf(tables);
    }

    /** Whether every table is meant. */
    public boolean concernsAllTables() {
        return tables.isEmpty();
    }

    @Override
    public String eventName() {
        return EVENT;
    }
}

package dev.perigee.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an edge has in memory and why it went past it, for people to look at. Bounded in size; texts are cut. Sent when home
 * has asked for it in its answer to an acknowledgement: {@code POST /api/edge/{id}/report}.
 *
 * @param generation of the session it belongs to
 * @param entries the results served most often, the first the most
 * @param statements the statements answered from memory most often, the first the most
 * @param misses cacheable reads sent to home since the edge started, by reason
 * @param bypasses statements sent past the cache since then, by reason
 * @param partial whether there were more results than were looked at, so that entries and statements may lack some
 */
public record EdgeReport(
        long generation,
        List<Entry> entries,
        List<Statement> statements,
        Map<String, Long> misses,
        Map<String, Long> bypasses,
        boolean partial) {

    /** The most results it names. */
    public static final int MAX_ENTRIES = 20;
    /** The most statements it names. */
    public static final int MAX_STATEMENTS = 50;
    /** The longest text of a statement, characters. */
    public static final int MAX_SQL = 1000;

    private static final int MAX_TABLES = 20;
    private static final int MAX_NAME = 200;
    private static final int MAX_REASONS = 128;

    public EdgeReport {
        Validation.check(generation > 0, "generation must be positive");
        entries = entries == null ? List.of() : List.copyOf(entries);
        statements = statements == null ? List.of() : List.copyOf(statements);
        Validation.check(entries.size() <= MAX_ENTRIES, "at most " + MAX_ENTRIES + " entries");
        Validation.check(statements.size() <= MAX_STATEMENTS, "at most " + MAX_STATEMENTS + " statements");
        misses = reasons(misses);
        bypasses = reasons(bypasses);
    }

    /**
     * One result.
     *
     * @param sql its statement
     * @param params how many parameters it has
     * @param tables it was read from
     * @param ageMs how long ago it was asked for
     * @param ttlLeftMs how long it may still be served; negative once that is over
     * @param bytes its weight with its key
     * @param hits how often it was served
     * @param current false if it is dead and only not swept yet
     */
    public record Entry(
            String sql,
            int params,
            List<String> tables,
            long ageMs,
            long ttlLeftMs,
            long bytes,
            long hits,
            boolean current) {

        public Entry {
            sql = cut(sql);
            tables = first(tables);
        }
    }

    /**
     * One statement, whatever its parameters.
     *
     * @param sql its text
     * @param tables it reads
     * @param hits how often results of it were served, those that are gone included as far as the edge remembers
     * @param entries how many results of it are in memory
     */
    public record Statement(String sql, List<String> tables, long hits, long entries) {

        public Statement {
            sql = cut(sql);
            tables = first(tables);
        }
    }

    /** A text as long as it may be here. */
    public static String cut(String sql) {
        Validation.check(sql != null, "sql must be given");
        return sql.length() <= MAX_SQL ? sql : sql.substring(0, MAX_SQL);
    }

    private static List<String> first(@Nullable List<String> tables) {
        List<String> some =
                tables == null ? List.of() : List.copyOf(tables.subList(0, Math.min(MAX_TABLES, tables.size())));
        Validation.check(some.stream().allMatch(name -> name.length() <= MAX_NAME), "a table's name is too long");
        return some;
    }

    private static Map<String, Long> reasons(@Nullable Map<String, Long> counts) {
        Map<String, Long> copy = counts == null ? Map.of() : Map.copyOf(counts);
        Validation.check(copy.size() <= MAX_REASONS, "at most " + MAX_REASONS + " reasons");
        Validation.check(
                copy.keySet().stream().allMatch(reason -> Validation.isPrintable(reason, MAX_NAME)),
                "reasons must be printable");
        return copy;
    }
}

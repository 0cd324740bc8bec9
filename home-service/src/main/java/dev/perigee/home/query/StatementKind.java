package dev.perigee.home.query;

import java.util.List;
import java.util.Set;

/** What a statement is, judged by its first words. */
enum StatementKind {
    /** SELECT, WITH, VALUES, TABLE: may be cacheable, may write all the same. */
    QUERY,
    /** Changes data or schema. */
    WRITE,
    /** SHOW, EXPLAIN, VACUUM and the like. */
    UTILITY,
    /** Means something only to the session it runs in, and sessions here are borrowed for one request. */
    REFUSED;

    private static final Set<String> QUERIES = Set.of("select", "with", "values", "table");
    private static final Set<String> UTILITIES =
            Set.of("show", "explain", "vacuum", "analyze", "analyse", "checkpoint", "reindex", "cluster");
    private static final Set<String> SESSION = Set.of(
            "set",
            "reset",
            "discard",
            "listen",
            "unlisten",
            "prepare",
            "deallocate",
            "execute",
            "declare",
            "fetch",
            "move",
            "close",
            "lock",
            "load",
            "begin",
            "start",
            "commit",
            "end",
            "rollback",
            "abort",
            "savepoint",
            "release",
            "copy");
    private static final Set<String> TEMPORARY = Set.of("temp", "temporary");

    /** The kind of a statement; of an empty one, {@link #UTILITY}: PostgreSQL says what it thinks of it. */
    static StatementKind of(String sql) {
        List<String> words = Lexer.firstWords(sql, 5);
        if (words.isEmpty()) {
            return UTILITY;
        }
        String first = words.get(0);
        if (QUERIES.contains(first)) {
            return QUERY;
        }
        if (SESSION.contains(first) || (first.equals("create") && createsTemporary(words))) {
            return REFUSED;
        }
        return UTILITIES.contains(first) ? UTILITY : WRITE;
    }

    /** Why results of such a statement may not be kept; nobody asks that of a {@link #QUERY}. */
    Reason reason() {
        return this == WRITE ? Reason.WRITE : Reason.UTILITY;
    }

    /** {@code CREATE [OR REPLACE] [LOCAL | GLOBAL] TEMP …}. */
    private static boolean createsTemporary(List<String> words) {
        for (String word : words.subList(1, words.size())) {
            if (TEMPORARY.contains(word)) {
                return true;
            }
            if (!Set.of("or", "replace", "local", "global").contains(word)) {
                return false;
            }
        }
        return false;
    }
}

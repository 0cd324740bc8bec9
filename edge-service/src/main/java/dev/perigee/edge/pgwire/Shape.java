package dev.perigee.edge.pgwire;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What statements have in common that differ in plain numbers and strings alone. An application that writes its values into
 * the text sends a new text each time, and home should not have to look at each: which tables a statement reads and which code it
 * runs does not depend on such a constant. (Home judges names, whatever overload they may mean. The words that make a
 * string another date tomorrow are looked for in each text by itself.) Results are never shared between texts.
 *
 * <p>Thread-safe.
 */
final class Shape {

    private static final int MOST_CATALOGS = 16;

    private final Map<Catalog, Judgement> judgements = new ConcurrentHashMap<>();

    /** What has been judged by this catalog; null if nothing was. */
    @Nullable
    Judgement judgement(Catalog catalog) {
        return judgements.get(catalog);
    }

    /** It has been judged. */
    void judged(Catalog catalog, Judgement judgement) {
        if (judgements.size() >= MOST_CATALOGS) {
            judgements.clear();
        }
        judgements.put(catalog, judgement);
    }

    /**
     * The text without its plain numbers and strings; the text itself if it has anything in it that would take more of
     * PostgreSQL's lexical rules to be sure of.
     */
    static String of(String sql) {
        StringBuilder out = new StringBuilder(sql.length());
        int at = 0;
        while (at < sql.length()) {
            char c = sql.charAt(at);
            int end;
            if (c == '\'') {
                end = endOfQuoted(sql, at);
                if (end < 0 || followsWord(sql, at)) {
                    // E'…', U&'…', B'…': other rules.
                    return sql;
                }
                out.append("''");
            } else if (c == '"') {
                end = endOfQuoted(sql, at);
                if (end < 0 || (at > 0 && sql.charAt(at - 1) == '&')) {
                    // U&"…": what it names depends on a string, its UESCAPE.
                    return sql;
                }
                out.append(sql, at, end);
            } else if (c == '$' && !(at + 1 < sql.length() && isDigit(sql.charAt(at + 1)))) {
                return sql;
            } else if (sql.startsWith("--", at) || sql.startsWith("/*", at)) {
                end = endOfComment(sql, at);
                out.append(sql, at, end);
            } else if (isDigit(c) && !followsWord(sql, at)) {
                end = endOfNumber(sql, at);
                out.append('0');
            } else {
                end = at + 1;
                out.append(c);
            }
            at = end;
        }
        return out.toString();
    }

    private static int endOfQuoted(String sql, int at) {
        char quote = sql.charAt(at);
        int end = sql.indexOf(quote, at + 1);
        while (end >= 0 && end + 1 < sql.length() && sql.charAt(end + 1) == quote) {
            end = sql.indexOf(quote, end + 2);
        }
        return end < 0 ? -1 : end + 1;
    }

    /** Where a comment that begins here ends; a line's also at a carriage return. */
    static int endOfComment(String sql, int at) {
        int end = at;
        if (sql.charAt(at) == '-') {
            while (end < sql.length() && sql.charAt(end) != '\n' && sql.charAt(end) != '\r') {
                end++;
            }
            return end;
        }
        int depth = 0;
        do {
            if (sql.startsWith("/*", end)) {
                depth++;
                end += 2;
            } else if (sql.startsWith("*/", end)) {
                depth--;
                end += 2;
            } else {
                end++;
            }
        } while (depth > 0 && end < sql.length());
        return Math.min(end, sql.length());
    }

    private static int endOfNumber(String sql, int at) {
        int end = at;
        while (end < sql.length() && isDigit(sql.charAt(end))) {
            end++;
        }
        while (end + 1 < sql.length() && sql.charAt(end) == '.' && isDigit(sql.charAt(end + 1))) {
            end++;
            while (end < sql.length() && isDigit(sql.charAt(end))) {
                end++;
            }
        }
        return end;
    }

    /** A letter after it stays: {@code 1e5} and {@code 0x1f} keep their ends, and so a shape of their own. */
    private static boolean followsWord(String sql, int at) {
        if (at == 0) {
            return false;
        }
        char before = sql.charAt(at - 1);
        return Character.isLetterOrDigit(before)
                || before == '_'
                || before == '$'
                || before == '.'
                || before == '&'
                || before > 127;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}

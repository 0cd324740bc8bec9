package dev.perigee.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tables an edge cares about: all, or those that match one of some patterns. A pattern is a qualified table name as
 * {@link TableName} writes it, in which {@code *} stands for any run of characters: {@code public.users},
 * {@code sales.*}, {@code public.order_*}. Immutable.
 */
public final class Interest {

    /** Every table. */
    public static final Interest EVERYTHING = new Interest(null);

    /** The most patterns of one edge. */
    public static final int MAX_PATTERNS = 1000;

    private static final int MAX_LENGTH = 256;

    private final @Nullable List<String> patterns;

    private Interest(@Nullable List<String> patterns) {
        this.patterns = patterns;
    }

    /**
     * An interest in these.
     *
     * @param patterns null for every table
     * @throws IllegalArgumentException if there are none or too many, or one is no pattern
     */
    public static Interest in(@Nullable List<String> patterns) {
        if (patterns == null) {
            return EVERYTHING;
        }
        Validation.check(
                !patterns.isEmpty() && patterns.size() <= MAX_PATTERNS,
                "tables must have 1 to " + MAX_PATTERNS + " patterns, or be left out for every table");
        for (String pattern : patterns) {
            Validation.check(
                    pattern != null && Validation.isPrintable(pattern, MAX_LENGTH) && pattern.indexOf('.') > 0,
                    "each of tables must be schema.table, with * for any characters");
        }
        return new Interest(List.copyOf(patterns));
    }

    /** Whether it is every table. */
    public boolean isEverything() {
        return patterns == null;
    }

    /** The patterns; null for every table. */
    public @Nullable List<String> patterns() {
        return patterns;
    }

    /** Whether this table, by its qualified name, is in it. */
    public boolean covers(String table) {
        List<String> some = patterns;
        if (some == null) {
            return true;
        }
        for (int i = 0; i < some.size(); i++) {
            if (matches(some.get(i), table)) {
                return true;
            }
        }
        return false;
    }

    /** Whether all these tables are in it. */
    public boolean coversAll(List<String> tables) {
        if (patterns == null) {
            return true;
        }
        for (int i = 0; i < tables.size(); i++) {
            if (!covers(tables.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Those of the tables that are in it; the same list if all are. */
    public List<String> of(List<String> tables) {
        return coversAll(tables) ? tables : tables.stream().filter(this::covers).toList();
    }

    /** In linear time per star: after a mismatch only the last star gives way. */
    private static boolean matches(String pattern, String text) {
        int p = 0;
        int t = 0;
        int star = -1;
        int mark = 0;
        while (t < text.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                mark = t;
            } else if (p < pattern.length() && pattern.charAt(p) == text.charAt(t)) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++mark;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Interest interest
                && (patterns == null ? interest.patterns == null : patterns.equals(interest.patterns));
    }

    @Override
    public int hashCode() {
        return patterns == null ? 0 : patterns.hashCode();
    }

    @Override
    public String toString() {
        return patterns == null ? "every table" : patterns.toString();
    }
}

package dev.perigee.home.query;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the text format of arrays and rows, as PostgreSQL writes it (manual, "Array Input and Output Syntax",
 * "Composite Type Input and Output Syntax"). Not thread-safe.
 */
final class NestedText {

    private final String text;
    private int at;

    NestedText(String text) {
        this.text = text;
    }

    /** The next character, or NUL at the end. */
    char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    boolean skip(char c) {
        if (peek() != c || at >= text.length()) {
            return false;
        }
        at++;
        return true;
    }

    void expect(char c) {
        if (!skip(c)) {
            throw new IllegalStateException("not the text of an array or a row");
        }
    }

    void skipPast(char c) {
        at = text.indexOf(c, at) + 1;
    }

    /** The next element of an array; null if it is NULL. */
    @Nullable
    String element(char delimiter) {
        if (peek() == '"') {
            return quoted();
        }
        int start = at;
        while (at < text.length() && peek() != delimiter && peek() != '}') {
            at++;
        }
        String plain = text.substring(start, at);
        return plain.equals("NULL") ? null : plain;
    }

    /** The fields of a row; null where nothing is written. */
    static List<@Nullable String> fields(String row) {
        NestedText text = new NestedText(row);
        List<@Nullable String> fields = new ArrayList<>();
        text.expect('(');
        if (text.skip(')')) {
            return fields;
        }
        do {
            fields.add(text.field());
        } while (text.skip(','));
        text.expect(')');
        return fields;
    }

    private @Nullable String field() {
        if (peek() == '"') {
            return quoted();
        }
        int start = at;
        while (at < text.length() && peek() != ',' && peek() != ')') {
            at++;
        }
        return at == start ? null : text.substring(start, at);
    }

    /** Within quotes, a backslash or (in rows) a quote escapes what follows. */
    private String quoted() {
        StringBuilder content = new StringBuilder();
        expect('"');
        while (true) {
            char c = text.charAt(at++);
            if (c == '\\') {
                content.append(text.charAt(at++));
            } else if (c != '"') {
                content.append(c);
            } else if (peek() == '"') {
                content.append(c);
                at++;
            } else {
                return content.toString();
            }
        }
    }
}

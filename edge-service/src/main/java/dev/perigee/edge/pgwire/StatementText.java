package dev.perigee.edge.pgwire;

import dev.perigee.model.TimeWords;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text that clients send, and what is known of it: one for all sessions. The edge reads no more of it than its first words,
 * its comments, and the names of settings that it may set; what it reads is for home to say. Thread-safe.
 */
final class StatementText {

    private static final Set<String> READS = Set.of("select", "with", "values", "table");
    private static final Set<String> BLOCKS =
            Set.of("begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release");
    private static final Set<String> WRITES = Set.of("insert", "update", "delete", "merge");
    private static final Set<List<String>> COMMITS =
            Set.of(List.of("commit"), List.of("commit", "work"), List.of("commit", "transaction"), List.of("end"));
    /** Of what is {@link StatementKind#OTHER}, what is about the session or the server. */
    private static final Set<String> UTILITIES = Set.of(
            "set",
            "reset",
            "discard",
            "listen",
            "unlisten",
            "notify",
            "deallocate",
            "prepare",
            "declare",
            "fetch",
            "close",
            "move",
            "lock",
            "load",
            "vacuum",
            "analyze",
            "analyse",
            "explain",
            "checkpoint",
            "reindex",
            "cluster");

    /** A setting of an extension's or an application's own has a dot in its name. */
    private static final Pattern CUSTOM_SETTING = Pattern.compile(
            "(?:\\bset\\s+(?:session\\s+|local\\s+)?|set_config\\s*\\(\\s*')([a-z_][a-z0-9_$]*(?:\\.[a-z_][a-z0-9_$]*)+)",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern DOLLAR_QUOTE =
            Pattern.compile("\\$([a-z_\\x80-\\uffff][a-z0-9_\\x80-\\uffff]*)?\\$", Pattern.CASE_INSENSITIVE);

    private static final Shape NO_SHAPE = new Shape();

    private final String sql;
    private final boolean isAscii;
    private final boolean isText;
    private final StatementKind kind;
    private final boolean write;
    private final boolean commit;
    private final Why refusal;
    private final Hints hints;
    private final Shape shape;

    private StatementText(
            String sql,
            boolean isAscii,
            boolean isText,
            StatementKind kind,
            List<String> words,
            Hints hints,
            Shape shape) {
        this.sql = sql;
        this.isAscii = isAscii;
        this.isText = isText;
        this.kind = kind;
        this.write = kind == StatementKind.OTHER && !words.isEmpty() && WRITES.contains(words.get(0)) && isOne(sql);
        this.commit = kind == StatementKind.TRANSACTION && COMMITS.contains(words);
        this.refusal = refusal(kind, words);
        this.hints = hints;
        this.shape = shape;
    }

    /**
     * Reads a text, in whatever encoding.
     *
     * @param shapes gives the shape of this name
     */
    static StatementText of(byte[] bytes, Function<String, Shape> shapes) {
        boolean ascii = isAscii(bytes);
        String sql;
        boolean text = true;
        try {
            sql = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException other) {
            sql = new String(bytes, StandardCharsets.ISO_8859_1);
            text = false;
        }
        Scanner scanner = new Scanner(sql);
        List<String> words = scanner.words(3);
        StatementKind kind = kind(words, sql, scanner);
        return new StatementText(sql, ascii, text, kind, words, scanner.hints, shape(kind, sql, shapes));
    }

    private static Why refusal(StatementKind kind, List<String> words) {
        return switch (kind) {
            case TRANSACTION -> Why.TRANSACTION;
            case OTHER -> !words.isEmpty() && UTILITIES.contains(words.get(0)) ? Why.UTILITY : Why.WRITE;
            default -> Why.UTILITY;
        };
    }

    private static Shape shape(StatementKind kind, String sql, Function<String, Shape> shapes) {
        if (kind != StatementKind.READ) {
            return NO_SHAPE;
        }
        return shapes.apply(TimeWords.in(sql) ? sql : Shape.of(sql));
    }

    private static boolean isAscii(byte[] bytes) {
        for (byte b : bytes) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }

    private static StatementKind kind(List<String> words, String sql, Scanner scanner) {
        if (words.isEmpty()) {
            return scanner.isAtEnd() ? StatementKind.HARMLESS : StatementKind.OTHER;
        }
        String first = words.get(0);
        if (READS.contains(first)) {
            return StatementKind.READ;
        }
        if (!isOne(sql)) {
            return StatementKind.OTHER;
        }
        if (first.equals("show")) {
            return words.size() > 1 && words.get(1).startsWith("perigee.")
                    ? StatementKind.PERIGEE
                    : StatementKind.HARMLESS;
        }
        // A prepared transaction may be another session's.
        return BLOCKS.contains(first) && !(words.size() > 1 && words.get(1).equals("prepared"))
                ? StatementKind.TRANSACTION
                : StatementKind.OTHER;
    }

    /** Whether no semicolon stands before anything else: a strict view of what is one statement. */
    boolean isOne() {
        return isOne(sql);
    }

    private static boolean isOne(String sql) {
        int semicolon = sql.indexOf(';');
        return semicolon < 0 || sql.substring(semicolon + 1).isBlank();
    }

    /** Whether it is one statement that changes data, and a transaction of its own where it is run outside a block. */
    boolean isWrite() {
        return write;
    }

    /** Whether it ends a transaction block, and begins none. */
    boolean isCommit() {
        return commit;
    }

    String sql() {
        return sql;
    }

    StatementKind kind() {
        return kind;
    }

    /** Why it is none for the cache, unless it is a read. */
    Why refusal() {
        return refusal;
    }

    Hints hints() {
        return hints;
    }

    /** Whether the bytes mean the same text here and at home, whose encoding is UTF-8. */
    boolean isUnderstood(boolean clientSpeaksUtf8) {
        return isAscii || (isText && clientSpeaksUtf8);
    }

    /** What it shares with texts that differ from it in constants alone. */
    Shape shape() {
        return shape;
    }

    /** The names of custom settings that it seems to set; others may be set by what it calls. */
    Set<String> customSettings() {
        if (kind != StatementKind.OTHER && kind != StatementKind.READ) {
            return Set.of();
        }
        Matcher matcher = CUSTOM_SETTING.matcher(sql);
        Set<String> names = new TreeSet<>();
        while (matcher.find()) {
            names.add(matcher.group(1).toLowerCase(Locale.ROOT));
        }
        return names;
    }

    /** The second word of {@code SHOW perigee.…}, without the prefix. */
    String perigeeTopic() {
        List<String> words = new Scanner(sql).words(2);
        return words.get(1).substring("perigee.".length());
    }

    /** Finds words and comments, by PostgreSQL's lexical rules as far as it needs them. */
    private static final class Scanner {
        private final String sql;
        private int at;
        private Hints hints = Hints.NONE;

        Scanner(String sql) {
            this.sql = sql;
        }

        /** The first words in lower case, up to so many; and the hints of all comments. */
        List<String> words(int most) {
            List<String> words = new ArrayList<>();
            while (words.size() < most) {
                skipBlanks();
                int start = at;
                // A dollar sign at the beginning is a parameter's or a quote's.
                while (at < sql.length() && isWord(sql.charAt(at)) && (at > start || sql.charAt(at) != '$')) {
                    at++;
                }
                if (at == start) {
                    break;
                }
                words.add(sql.substring(start, at).toLowerCase(Locale.ROOT));
            }
            if (sql.contains("perigee:")) {
                int end = at;
                while (at < sql.length()) {
                    skipBlanks();
                    skipToken();
                }
                at = end;
            }
            return words;
        }

        boolean isAtEnd() {
            skipBlanks();
            while (at < sql.length() && sql.charAt(at) == ';') {
                at++;
                skipBlanks();
            }
            return at >= sql.length();
        }

        private static boolean isWord(char c) {
            return Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == '$' || c > 127;
        }

        private void skipBlanks() {
            while (at < sql.length()) {
                if (Character.isWhitespace(sql.charAt(at))) {
                    at++;
                } else if (sql.startsWith("--", at)) {
                    at = Shape.endOfComment(sql, at);
                } else if (sql.startsWith("/*", at)) {
                    comment();
                } else {
                    return;
                }
            }
        }

        /** Comments nest. */
        private void comment() {
            int start = at + 2;
            int depth = 1;
            at = start;
            while (at < sql.length() && depth > 0) {
                if (sql.startsWith("/*", at)) {
                    depth++;
                    at += 2;
                } else if (sql.startsWith("*/", at)) {
                    depth--;
                    at += 2;
                } else {
                    at++;
                }
            }
            if (depth == 0) {
                hints = hints.and(sql.substring(start, at - 2));
            }
        }

        private boolean followsE() {
            return at > 0
                    && Character.toLowerCase(sql.charAt(at - 1)) == 'e'
                    && (at == 1 || !isWord(sql.charAt(at - 2)));
        }

        /** A quoted string or name, or one character. A hint inside of quotes is none. */
        private void skipToken() {
            if (at >= sql.length()) {
                return;
            }
            char first = sql.charAt(at);
            if (first == '\'' || first == '"') {
                boolean escapes = first == '\'' && followsE();
                at++;
                while (at < sql.length() && sql.charAt(at) != first) {
                    at += escapes && sql.charAt(at) == '\\' ? 2 : 1;
                }
                at = Math.min(sql.length(), at + 1);
            } else if (first == '$'
                    && DOLLAR_QUOTE.matcher(sql).region(at, sql.length()).lookingAt()) {
                int opened = sql.indexOf('$', at + 1) + 1;
                int end = sql.indexOf(sql.substring(at, opened), opened);
                at = end < 0 ? sql.length() : end + opened - at;
            } else if (isWord(first)) {
                // As a whole: a dollar sign in it begins nothing.
                while (at < sql.length() && isWord(sql.charAt(at))) {
                    at++;
                }
            } else {
                at++;
            }
        }
    }
}

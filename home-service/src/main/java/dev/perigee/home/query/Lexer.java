package dev.perigee.home.query;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Cuts a statement into tokens by PostgreSQL's own rules (manual, "Lexical Structure"; source, scan.l), given
 * {@code standard_conforming_strings = on}. What is rare and hard to get right (escapes in strings, strings continued
 * on another line, identifiers cut at 63 bytes) is refused: such a statement runs, but is never kept.
 */
final class Lexer {

    private static final String OPERATOR_CHARS = "~!@#^&|`?+-*/%<>=";
    private static final int LONGEST_NAME = 63;
    /** Nothing is tried twice: the time is linear. */
    private static final Pattern NUMBER = Pattern.compile(
            "(\\d[\\d_]*+)?+\\.?+(\\d[\\d_]*+)?+([eE][+-]?+\\d[\\d_]*+)?+|0[xX][\\da-fA-F_]++|0[oO][0-7_]++|0[bB][01_]++");

    private final String sql;
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    private Lexer(String sql) {
        this.sql = sql;
    }

    /**
     * The tokens, in order.
     *
     * @throws NotCacheableException if the text is malformed, or uses a notation not supported here
     */
    static List<Token> tokens(String sql) throws NotCacheableException {
        Lexer lexer = new Lexer(sql);
        while (lexer.skipToToken()) {
            lexer.next();
        }
        return List.copyOf(lexer.tokens);
    }

    /**
     * The statement with a null in place of each parameter. To PostgreSQL both are of a type still unknown.
     *
     * @throws NotCacheableException as {@link #tokens} does
     */
    static String withoutParameters(String sql) throws NotCacheableException {
        Lexer lexer = new Lexer(sql);
        StringBuilder out = new StringBuilder();
        int copied = 0;
        while (lexer.skipToToken()) {
            int start = lexer.at;
            lexer.next();
            if (lexer.tokens.get(lexer.tokens.size() - 1).kind() == Token.Kind.PARAMETER) {
                out.append(sql, copied, start).append("(NULL)");
                copied = lexer.at;
            }
        }
        return out.append(sql, copied, sql.length()).toString();
    }

    /**
     * The first words of a statement, opening parentheses left out, whatever follows them; fewer if there are fewer.
     */
    static List<String> firstWords(String sql, int count) {
        Lexer lexer = new Lexer(sql);
        List<String> words = new ArrayList<>();
        try {
            while (words.size() < count && lexer.skipToToken()) {
                lexer.next();
                Token token = lexer.tokens.get(lexer.tokens.size() - 1);
                if (token.kind() == Token.Kind.WORD) {
                    words.add(token.text());
                } else if (!token.is("(") && !(words.isEmpty() && token.is(";"))) {
                    break;
                }
            }
        } catch (NotCacheableException incomplete) {
            return words;
        }
        return words;
    }

    private boolean skipToToken() throws NotCacheableException {
        while (at < sql.length()) {
            char c = sql.charAt(at);
            if (isSpace(c)) {
                at++;
            } else if (sql.startsWith("--", at)) {
                while (at < sql.length() && sql.charAt(at) != '\n' && sql.charAt(at) != '\r') {
                    at++;
                }
            } else if (sql.startsWith("/*", at)) {
                skipBlockComment();
            } else {
                return true;
            }
        }
        return false;
    }

    private void skipBlockComment() throws NotCacheableException {
        int depth = 0;
        do {
            if (sql.startsWith("/*", at)) {
                depth++;
                at += 2;
            } else if (sql.startsWith("*/", at)) {
                depth--;
                at += 2;
            } else {
                at++;
            }
            require(at <= sql.length() && (depth == 0 || at < sql.length()), "an unterminated comment");
        } while (depth > 0);
    }

    private void next() throws NotCacheableException {
        char c = sql.charAt(at);
        if (c == '\'') {
            string(at);
        } else if (c == '"') {
            quotedIdentifier();
        } else if (c == '$') {
            dollar();
        } else if (isDigit(c) || (c == '.' && at + 1 < sql.length() && isDigit(sql.charAt(at + 1)))) {
            number();
        } else if (isWordStart(c)) {
            word();
        } else if (sql.startsWith("::", at)) {
            add(Token.Kind.PUNCTUATION, "::");
            at += 2;
        } else if (",()[].;:".indexOf(c) >= 0) {
            add(Token.Kind.PUNCTUATION, String.valueOf(c));
            at++;
        } else if (OPERATOR_CHARS.indexOf(c) >= 0) {
            operator();
        } else {
            throw refused("a character that begins no token");
        }
    }

    private void word() throws NotCacheableException {
        int start = at;
        while (at < sql.length() && isWordPart(sql.charAt(at))) {
            at++;
        }
        String word = sql.substring(start, at);
        if (at < sql.length() && sql.charAt(at) == '\'' && isStringPrefix(word)) {
            string(start);
            return;
        }
        require(!(word.equalsIgnoreCase("u") && sql.startsWith("&", at) && followedByQuote(at + 1)), "U& escapes");
        add(Token.Kind.WORD, fold(checkedName(word)));
    }

    private boolean followedByQuote(int position) {
        return position < sql.length() && (sql.charAt(position) == '\'' || sql.charAt(position) == '"');
    }

    private static boolean isStringPrefix(String word) {
        return word.length() == 1 && "eEbBxXnN".contains(word);
    }

    private void string(int start) throws NotCacheableException {
        boolean escapes = sql.charAt(start) == 'e' || sql.charAt(start) == 'E';
        String content = quoted('\'');
        require(!escapes || content.indexOf('\\') < 0, "escapes in a string");
        require(!previousIsString(), "a string continued on another line");
        add(Token.Kind.STRING, content);
    }

    private boolean previousIsString() {
        return !tokens.isEmpty() && tokens.get(tokens.size() - 1).kind() == Token.Kind.STRING;
    }

    private void quotedIdentifier() throws NotCacheableException {
        String name = quoted('"');
        require(!name.isEmpty(), "an empty identifier");
        add(Token.Kind.QUOTED, checkedName(name));
    }

    /** Reads from the quote at the present position to its end; two quotes in a row stand for one. */
    private String quoted(char quote) throws NotCacheableException {
        StringBuilder content = new StringBuilder();
        at++;
        while (true) {
            require(at < sql.length(), "an unterminated quotation");
            char c = sql.charAt(at++);
            if (c == quote) {
                if (at < sql.length() && sql.charAt(at) == quote) {
                    at++;
                } else {
                    return content.toString();
                }
            }
            content.append(c);
        }
    }

    private void dollar() throws NotCacheableException {
        int end = at + 1;
        if (end < sql.length() && isDigit(sql.charAt(end))) {
            while (end < sql.length() && isDigit(sql.charAt(end))) {
                end++;
            }
            require(end == sql.length() || !isWordPart(sql.charAt(end)), "junk after a parameter");
            add(Token.Kind.PARAMETER, sql.substring(at + 1, end));
            at = end;
            return;
        }
        while (end < sql.length() && sql.charAt(end) != '$') {
            require(isWordPart(sql.charAt(end)), "a lone dollar sign");
            end++;
        }
        require(end < sql.length(), "a lone dollar sign");
        String tag = sql.substring(at, end + 1);
        int close = sql.indexOf(tag, end + 1);
        require(close >= 0, "an unterminated quotation");
        require(!previousIsString(), "a string after a string");
        add(Token.Kind.STRING, sql.substring(end + 1, close));
        at = close + tag.length();
    }

    private void number() throws NotCacheableException {
        int start = at;
        while (at < sql.length()) {
            char c = sql.charAt(at);
            boolean exponentSign = (c == '+' || c == '-') && "eE".indexOf(sql.charAt(at - 1)) >= 0 && at > start;
            if (!isWordPart(c) && c != '.' && !exponentSign) {
                break;
            }
            at++;
        }
        String number = sql.substring(start, at);
        require(NUMBER.matcher(number).matches(), "a number of unknown form");
        add(Token.Kind.NUMBER, number);
    }

    private void operator() {
        int end = at;
        while (end < sql.length()
                && OPERATOR_CHARS.indexOf(sql.charAt(end)) >= 0
                && !sql.startsWith("--", end)
                && !sql.startsWith("/*", end)) {
            end++;
        }
        int last = end;
        // An operator of several characters ends in + or - only if it contains one of those that allow it.
        if (!allowsSignAtItsEnd(end)) {
            while (last > at + 1 && isSign(sql.charAt(last - 1))) {
                last--;
            }
        }
        add(Token.Kind.OPERATOR, sql.substring(at, last));
        // By the same rule each of the signs left over is one by itself.
        for (at = last; at < end; at++) {
            add(Token.Kind.OPERATOR, sql.substring(at, at + 1));
        }
    }

    private boolean allowsSignAtItsEnd(int end) {
        for (int i = at; i < end; i++) {
            if ("~!@#^&|`?%".indexOf(sql.charAt(i)) >= 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSign(char c) {
        return c == '+' || c == '-';
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text));
    }

    /** Folds ASCII only, as PostgreSQL does in a database whose encoding is UTF-8. */
    private static String fold(String word) {
        StringBuilder folded = new StringBuilder(word);
        for (int i = 0; i < folded.length(); i++) {
            char c = folded.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                folded.setCharAt(i, (char) (c + ('a' - 'A')));
            }
        }
        return folded.toString();
    }

    private static String checkedName(String name) throws NotCacheableException {
        require(name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME, "an identifier longer than 63 bytes");
        return name;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isWordStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 128;
    }

    private static boolean isWordPart(char c) {
        return isWordStart(c) || isDigit(c) || c == '$';
    }

    private static void require(boolean holds, String what) throws NotCacheableException {
        if (!holds) {
            throw refused(what);
        }
    }

    private static NotCacheableException refused(String what) {
        return new NotCacheableException(Reason.UNPARSABLE, what);
    }
}

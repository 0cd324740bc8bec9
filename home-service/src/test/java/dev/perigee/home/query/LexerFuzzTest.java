package dev.perigee.home.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.home.query.Token.Kind;
import dev.perigee.testing.Fuzz;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Any text at all: tokens, or a refusal to keep the result; and in linear time, for this runs on event loops. */
class LexerFuzzTest {

    private static final String[] PIECES = {
        "'",
        "''",
        "\"",
        "\"\"",
        "$",
        "$$",
        "$a$",
        "$1",
        "$99999",
        "/*",
        "*/",
        "--",
        "\n",
        "\r",
        " ",
        "\t",
        "\0",
        "\u00a0",
        "\ufeff",
        "\ud83d\ude00",
        "\ud83d",
        "\\",
        "E'",
        "e'\\'",
        "U&'",
        "u&\"",
        "B'",
        "x'",
        "N'",
        "&",
        "+",
        "-",
        "*",
        "=",
        "<",
        "@",
        "=>",
        "::",
        ":",
        ";",
        ",",
        ".",
        "..",
        "(",
        ")",
        "[",
        "]",
        "0",
        "1.",
        ".5",
        "1e",
        "e+",
        "0x",
        "_",
        "1_0",
        "select",
        "SELECT",
        "with",
        "create",
        "or",
        "replace",
        "temp",
        "as",
        "cast",
        "for",
        "update",
        "a",
        "\u0130",
        "\u00df",
        "\u007f",
        "{",
        "}",
        "`",
        "now",
        "today",
        "within",
        "recursive"
    };

    static List<String> past() {
        return Fuzz.corpus("sql.txt");
    }

    /** The bound is for what would not end, not for what is slow. */
    @ParameterizedTest
    @MethodSource("past")
    @Timeout(60)
    void pastFailures(String line) {
        lexes(Fuzz.unescape(line));
    }

    @Test
    void lexesOrRefuses() {
        Fuzz.trials(50_000, random -> {
            StringBuilder sql = new StringBuilder(Fuzz.any(random, "", "select ", "with "));
            for (int i = random.nextInt(30); i >= 0; i--) {
                sql.append(PIECES[random.nextInt(PIECES.length)]);
            }
            lexes(sql.toString());
        });
    }

    /** Tokens written with any space and comments between them are read as they were written. */
    @Test
    void readsWhatWasWritten() {
        Fuzz.trials(20_000, random -> {
            List<Token> tokens = new ArrayList<>();
            StringBuilder sql = new StringBuilder(space(random));
            for (int i = random.nextInt(12); i >= 0; i--) {
                boolean afterString =
                        !tokens.isEmpty() && tokens.get(tokens.size() - 1).kind() == Kind.STRING;
                Token token = token(random, afterString);
                tokens.add(token);
                sql.append(written(token, random)).append(' ').append(space(random));
            }
            assertThat(Lexer.tokens(sql.toString())).as(sql.toString()).isEqualTo(tokens);
        });
    }

    private static Token token(Random random, boolean afterString) {
        return switch (random.nextInt(afterString ? 6 : 7)) {
            case 0 -> new Token(Kind.WORD, Fuzz.any(random, "select", "a", "_x9", "x$y", "tabelle_\u00df", "e", "u"));
            case 1 -> new Token(Kind.QUOTED, Fuzz.any(random, "A", "a b", "a\"b", "--", "/*", "$$", "\u00c4"));
            case 2 -> new Token(Kind.PARAMETER, Fuzz.any(random, "1", "27"));
            case 3 -> new Token(Kind.NUMBER, Fuzz.any(random, "0", "1.5", ".5", "1e10", "1E-3", "0xFf", "1_000"));
            case 4 -> new Token(Kind.OPERATOR, Fuzz.any(random, "+", "-", "=", "<>", "@-", "||", "~*", "->>"));
            case 5 -> new Token(Kind.PUNCTUATION, Fuzz.any(random, "(", ")", ",", ".", "::", "[", "]", ";"));
            default -> new Token(Kind.STRING, Fuzz.any(random, "", "a'b", "--", "/*", "\\", "$", "\"", "\n", "\u00e9"));
        };
    }

    private static String written(Token token, Random random) {
        String text = token.text();
        return switch (token.kind()) {
            case WORD ->
                random.nextBoolean() && text.indexOf('\u00df') < 0 ? text.toUpperCase(java.util.Locale.ROOT) : text;
            case QUOTED -> '"' + text.replace("\"", "\"\"") + '"';
            case PARAMETER -> "$" + text;
            case STRING -> string(text, random);
            default -> text;
        };
    }

    private static String string(String text, Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> "$q$" + text + "$q$";
            case 1 -> "N'" + text.replace("'", "''") + "'";
            default -> "'" + text.replace("'", "''") + "'";
        };
    }

    private static String space(Random random) {
        return Fuzz.any(random, "", " ", "\n\t", "/* ' */", "/* /* \" */ $$ */", "-- '\n", "--\r", "/**/");
    }

    private static void lexes(String sql) {
        String shown = sql.length() > 200 ? sql.substring(0, 200) + "\u2026" : sql;
        try {
            assertThat(StatementKind.of(sql)).isNotNull();
            StatementFacts.of(sql);
        } catch (NotCacheableException declared) {
            assertThat(declared.reason()).isNotNull();
        } catch (RuntimeException | Error undeclared) {
            throw new AssertionError("for fuzz/sql.txt: " + shown, undeclared);
        }
    }
}

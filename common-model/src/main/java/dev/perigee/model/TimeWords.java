package dev.perigee.model;

import java.util.regex.Pattern;

/**
 * The words that mean another time tomorrow when text becomes a date or a timestamp (manual, "Date/Time Input"). The
 * conversion may be implicit ({@code WHERE day = 'today'}), and the word may stand inside an array, a range or a row,
 * so they are looked for anywhere in any string. In such nested text a backslash may stand before any character, and
 * quotes may begin and end within a word ({@code {to\day}}, {@code [to"day",)}): they are taken out as well.
 */
public final class TimeWords {

    private static final Pattern WORD =
            Pattern.compile("(?<![a-z])(now|today|tomorrow|yesterday)(?![a-z])", Pattern.CASE_INSENSITIVE);

    private TimeWords() {}

    /**
     * Whether there is such a word in a text that a statement contains, or gets as a parameter. Only ASCII matters: of a
     * text in whatever encoding whose ASCII characters are single bytes, its bytes read as Latin-1 give the same answer.
     */
    public static boolean in(String text) {
        return WORD.matcher(text).find()
                || ((text.indexOf('\\') >= 0 || text.indexOf('"') >= 0)
                        && WORD.matcher(text.replace("\\", "").replace("\"", ""))
                                .find());
    }
}

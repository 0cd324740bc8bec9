package dev.perigee.home.query;

import java.util.regex.Pattern;

/**
 * The words that mean another time tomorrow when text becomes a date or a timestamp (manual, "Date/Time Input"). The
 * conversion may be implicit ({@code WHERE day = 'today'}), and the word may stand inside an array, a range or a row,
 * so they are looked for anywhere in any string. In such nested text a backslash may stand before any character, and
 * quotes may begin and end within a word ({@code {to\day}}, {@code [to"day",)}): they are taken out as well.
 */
final class TimeWords {

    private static final Pattern WORD =
            Pattern.compile("(?<![a-z])(now|today|tomorrow|yesterday)(?![a-z])", Pattern.CASE_INSENSITIVE);

    private TimeWords() {}

    static boolean in(String text) {
        return WORD.matcher(text).find()
                || ((text.indexOf('\\') >= 0 || text.indexOf('"') >= 0)
                        && WORD.matcher(text.replace("\\", "").replace("\"", ""))
                                .find());
    }

    static void refuse(String text) throws NotCacheableException {
        if (in(text)) {
            throw new NotCacheableException(Reason.VOLATILE_FUNCTION, "a string with a word such as now or today");
        }
    }
}

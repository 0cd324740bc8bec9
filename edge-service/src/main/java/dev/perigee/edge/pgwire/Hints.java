package dev.perigee.edge.pgwire;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a statement asks of the cache in a comment: {@code /* perigee: no-cache, ttl=10s, max-staleness=500ms *}{@code /}.
 * What is not understood is passed over.
 *
 * @param noCache never from memory, never kept
 * @param ttl how long its result may be kept at the most; null if that is not said
 * @param maxStaleness how far behind an answer from memory may be; null if that is not said
 */
record Hints(
        boolean noCache, @Nullable Duration ttl, @Nullable Duration maxStaleness) {

    static final Hints NONE = new Hints(false, null, null);

    private static final String PREFIX = "perigee:";
    private static final Pattern SETTING = Pattern.compile("(ttl|max-staleness)=([0-9]{1,9})(ms|s|m|h)?");

    /** These, and what this comment adds; the comment is without its marks. */
    Hints and(String comment) {
        String text = comment.strip().toLowerCase(Locale.ROOT);
        if (!text.startsWith(PREFIX)) {
            return this;
        }
        boolean never = noCache;
        Duration life = ttl;
        Duration behind = maxStaleness;
        for (String word : text.substring(PREFIX.length()).split("[\\s,]+", -1)) {
            Matcher setting = SETTING.matcher(word);
            if (word.equals("no-cache")) {
                never = true;
            } else if (setting.matches()) {
                Duration value = duration(Long.parseLong(setting.group(2)), setting.group(3));
                if (setting.group(1).equals("ttl")) {
                    life = value;
                } else {
                    behind = value;
                }
            }
        }
        return new Hints(never, life, behind);
    }

    private static Duration duration(long amount, @Nullable String unit) {
        return switch (unit == null ? "s" : unit) {
            case "ms" -> Duration.ofMillis(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofSeconds(amount);
        };
    }
}

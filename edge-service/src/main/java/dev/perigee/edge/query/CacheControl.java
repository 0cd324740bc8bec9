package dev.perigee.edge.query;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The directives of a request's {@code Cache-Control} (RFC 9111, section 5.2.1; {@code stale-if-error}: RFC 5861) that we
 * honour. Others are ignored, as they must be.
 *
 * @param noCache home is to be asked; its answer may be kept
 * @param noStore the answer must not be kept
 * @param onlyIfCached home must not be asked
 * @param maxAge the most seconds the answer may be behind, or null
 * @param staleIfError how many seconds past its bound an answer may be if home fails, or null
 */
record CacheControl(
        boolean noCache,
        boolean noStore,
        boolean onlyIfCached,
        @Nullable Long maxAge,
        @Nullable Long staleIfError) {

    static final CacheControl NONE = new CacheControl(false, false, false, null, null);

    private static final long LONGEST = 1L << 31;

    /** Reads the header's values. A number that is none counts as 0, which is what asks the least of the cache. */
    static CacheControl parse(List<String> values) {
        if (values.isEmpty()) {
            return NONE;
        }
        boolean noCache = false;
        boolean noStore = false;
        boolean onlyIfCached = false;
        Long maxAge = null;
        Long staleIfError = null;
        for (String value : values) {
            for (String directive : value.split(",", -1)) {
                int equals = directive.indexOf('=');
                String name = (equals < 0 ? directive : directive.substring(0, equals))
                        .strip()
                        .toLowerCase(Locale.ROOT);
                String argument =
                        equals < 0 ? "" : directive.substring(equals + 1).strip();
                switch (name) {
                    case "no-cache" -> noCache = true;
                    case "no-store" -> noStore = true;
                    case "only-if-cached" -> onlyIfCached = true;
                    case "max-age" -> maxAge = least(maxAge, seconds(argument));
                    case "stale-if-error" -> staleIfError = least(staleIfError, seconds(argument));
                    default -> {}
                }
            }
        }
        return new CacheControl(noCache, noStore, onlyIfCached, maxAge, staleIfError);
    }

    private static Long least(@Nullable Long one, long other) {
        return one == null ? other : Math.min(one, other);
    }

    private static long seconds(String argument) {
        String digits = argument.length() >= 2 && argument.startsWith("\"") && argument.endsWith("\"")
                ? argument.substring(1, argument.length() - 1)
                : argument;
        if (!digits.matches("[0-9]+")) {
            return 0;
        }
        return digits.length() > 10 ? LONGEST : Math.min(LONGEST, Long.parseLong(digits));
    }
}

package dev.perigee.model;

import java.net.URI;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An edge introduces itself.
 *
 * @param edgeId names the edge in the fleet: letters, digits, dot, dash and underscore, at most 64
 * @param region where it stands, at most 64 printable characters
 * @param baseUrl where its clients reach it, an absolute http or https URL of at most 255 characters
 * @param tables what it wants to hear of, patterns as in {@link Interest}; null for every table
 */
public record EdgeRegistration(
        String edgeId,
        String region,
        String baseUrl,
        @Nullable List<String> tables) {

    /** What an edge id looks like. */
    public static final String EDGE_ID_PATTERN = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

    /** Would stand in paths where home's own words stand: {@code /api/edge/subscribe}. */
    private static final Set<String> RESERVED =
            Set.of("register", "subscribe", "invalidate", "prune", "eligible", "tunnel");

    private static final int MAX_REGION = 64;
    private static final int MAX_URL = 255;

    public EdgeRegistration {
        Validation.check(edgeId != null && edgeId.matches(EDGE_ID_PATTERN), "edge_id must match " + EDGE_ID_PATTERN);
        Validation.check(!RESERVED.contains(edgeId), "edge_id must not be " + edgeId);
        Validation.check(
                region != null && Validation.isPrintable(region, MAX_REGION),
                "region must be 1 to 64 printable characters");
        Validation.check(baseUrl != null && isHttpUrl(baseUrl), "base_url must be an absolute http or https URL");
        tables = Interest.in(tables).patterns();
    }

    /** An edge that wants to hear of every table. */
    public EdgeRegistration(String edgeId, String region, String baseUrl) {
        this(edgeId, region, baseUrl, null);
    }

    /** Whether an edge could have this id. */
    public static boolean isEdgeId(String text) {
        return text.matches(EDGE_ID_PATTERN) && !RESERVED.contains(text);
    }

    /** What it wants to hear of. */
    public Interest interest() {
        return Interest.in(tables);
    }

    private static boolean isHttpUrl(String text) {
        if (text.length() > MAX_URL) {
            return false;
        }
        try {
            URI uri = URI.create(text);
            return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null;
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }
}

package dev.perigee.model;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What every node of a fleet is told about its place in it.
 *
 * @param role home or edge
 * @param homeUrls where homes are reached, the preferred first; at least one is required of an edge
 * @param authToken the bearer token the node shows to home, never printed; null if it shows another one, or none
 * @param defaultTtl how long a result is kept at the most when nothing says otherwise; 60 s if null
 * @param maxEntries the most results an edge keeps; 10 000 if null
 * @param maxEdges the most edges a home accepts; 32 if null
 */
public record EdgeConfig(
        Role role,
        List<URI> homeUrls,
        @Nullable String authToken,
        Duration defaultTtl,
        Integer maxEntries,
        Integer maxEdges) {

    /** What a node is. */
    public enum Role {
        /** Beside the primary database; authoritative. */
        HOME,
        /** Near the readers. */
        EDGE
    }

    /** How long a result is kept when nothing says otherwise. */
    public static final Duration DEFAULT_TTL = Duration.ofSeconds(60);

    /** How many results an edge keeps when nothing says otherwise. */
    public static final int DEFAULT_MAX_ENTRIES = 10_000;

    /** How many edges a home accepts when nothing says otherwise. */
    public static final int DEFAULT_MAX_EDGES = 32;

    private static final Duration LONGEST_TTL = Duration.ofDays(30);
    private static final int MOST_ENTRIES = 100_000_000;
    private static final int MOST_EDGES = 100_000;
    private static final int MOST_HOMES = 16;

    public EdgeConfig(
            Role role,
            @Nullable List<URI> homeUrls,
            @Nullable String authToken,
            @Nullable Duration defaultTtl,
            @Nullable Integer maxEntries,
            @Nullable Integer maxEdges) {
        Validation.check(role != null, "role must be home or edge");
        this.role = role;
        this.homeUrls = homeUrls == null ? List.of() : List.copyOf(homeUrls);
        this.authToken = authToken;
        Validation.check(authToken == null || !authToken.isBlank(), "auth_token must not be blank");
        this.defaultTtl = defaultTtl == null ? DEFAULT_TTL : defaultTtl;
        this.maxEntries = maxEntries == null ? DEFAULT_MAX_ENTRIES : maxEntries;
        this.maxEdges = maxEdges == null ? DEFAULT_MAX_EDGES : maxEdges;
        Validation.check(
                !this.defaultTtl.isZero()
                        && !this.defaultTtl.isNegative()
                        && this.defaultTtl.compareTo(LONGEST_TTL) <= 0,
                "default_ttl must be more than 0 and at most 30 days");
        Validation.check(
                this.maxEntries >= 1 && this.maxEntries <= MOST_ENTRIES, "max_entries must be 1 to " + MOST_ENTRIES);
        Validation.check(this.maxEdges >= 1 && this.maxEdges <= MOST_EDGES, "max_edges must be 1 to " + MOST_EDGES);
        for (URI url : this.homeUrls) {
            Validation.check(
                    ("http".equals(url.getScheme()) || "https".equals(url.getScheme())) && url.getHost() != null,
                    "home_urls must be absolute http or https URLs");
        }
        Validation.check(this.homeUrls.size() <= MOST_HOMES, "home_urls must be at most " + MOST_HOMES);
        if (role == Role.EDGE) {
            Validation.check(!this.homeUrls.isEmpty(), "home_urls is required of an edge");
        }
    }

    /** With the token masked. */
    @Override
    public String toString() {
        return "EdgeConfig[role=" + role + ", homeUrls=" + homeUrls + ", authToken="
                + (authToken == null ? "none" : "***") + ", defaultTtl=" + defaultTtl + ", maxEntries=" + maxEntries
                + ", maxEdges=" + maxEdges + "]";
    }
}

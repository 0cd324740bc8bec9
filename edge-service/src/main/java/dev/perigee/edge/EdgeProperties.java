package dev.perigee.edge;

import dev.perigee.model.EdgeConfig;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What every node of a fleet is told, here for an edge.
 *
 * @param homeUrl where homes are reached, such as https://home.example; several, separated by commas, the preferred
 *     first. Required
 * @param authToken a token of role EDGE that every home knows. Required, unless the edge has
 *     perigee.auth-token-file or shows a certificate
 * @param defaultTtl no result is kept longer, unless home has a time for its tables
 * @param maxEntries the most results the edge keeps
 */
@ConfigurationProperties("perigee")
record EdgeProperties(
        @Nullable String homeUrl,
        @Nullable String authToken,
        @DefaultValue("60s") Duration defaultTtl,
        @DefaultValue("" + EdgeConfig.DEFAULT_MAX_ENTRIES) int maxEntries) {

    /**
     * The same, validated.
     *
     * @throws InvalidEdgeProperty if something required is missing, or something makes no sense
     */
    EdgeConfig toConfig() {
        require(homeUrl, "perigee.home-url", "where homes are reached, such as http://home.example:8080");
        try {
            return new EdgeConfig(
                    EdgeConfig.Role.EDGE,
                    homeUrl == null ? null : urls(homeUrl),
                    authToken == null || authToken.isBlank() ? null : authToken.strip(),
                    defaultTtl,
                    maxEntries,
                    null);
        } catch (IllegalArgumentException invalid) {
            String message = String.valueOf(invalid.getMessage());
            for (String name : new String[] {"auth_token", "default_ttl", "max_entries"}) {
                message = message.replace(name, "perigee." + name.replace('_', '-'));
            }
            message = message.replace("home_urls", "perigee.home-url");
            throw new InvalidEdgeProperty(message.contains("perigee.") ? message : "perigee.home-url: " + message);
        }
    }

    private static List<URI> urls(String list) {
        return Arrays.stream(list.split(",", -1))
                .map(String::strip)
                .filter(url -> !url.isEmpty())
                .map(URI::create)
                .toList();
    }

    private static void require(@Nullable String value, String property, String meaning) {
        if (value == null || value.isBlank()) {
            throw new InvalidEdgeProperty(property + " is not set; an edge needs it: " + meaning);
        }
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "EdgeProperties[homeUrl=" + homeUrl + ", defaultTtl=" + defaultTtl + ", maxEntries=" + maxEntries + "]";
    }
}

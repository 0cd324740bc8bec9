package dev.perigee.edge.link;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How the edge gets into home, beside {@code perigee.auth-token}.
 *
 * @param authTokenFile a file with the bearer token that the edge shows to home, in place of perigee.auth-token; it is
 *     read every second, so that whoever renews the token only has to replace the file
 * @param homeTlsBundle SSL bundle with the certificates to trust on the way to home, where that is https, and
 *     optionally one of our own to show; the JDK's trust if absent
 */
@ConfigurationProperties("perigee")
public record HomeAccess(
        @Nullable String authTokenFile, @Nullable String homeTlsBundle) {

    /** Neither. */
    public static final HomeAccess NONE = new HomeAccess(null, null);

    public HomeAccess {
        authTokenFile = authTokenFile == null || authTokenFile.isBlank() ? null : authTokenFile.strip();
        homeTlsBundle = homeTlsBundle == null || homeTlsBundle.isBlank() ? null : homeTlsBundle.strip();
    }
}

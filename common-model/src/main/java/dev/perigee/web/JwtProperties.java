package dev.perigee.web;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the tokens (JWT) of an issuer stand for. Which issuer that is, and for whom its tokens have to be, are Spring Boot's
 * properties {@code spring.security.oauth2.resourceserver.jwt.issuer-uri} and {@code .audiences}; both are required, and
 * without the first no such token is accepted.
 *
 * @param roles which roles each value of the roles claim stands for; where there is none, each role's own name stands for it, in
 *     lower or upper case. Other values stand for nothing
 * @param rolesClaim the claim that says what a token allows: a list of strings, or one string with spaces between; a dot
 *     leads into a claim within a claim, such as realm_access.roles
 * @param edgeIdClaim the claim with the only edge id a token of role EDGE may use; a token without it does not have that
 *     role. If absent, every edge id may be used with any of them
 * @param clockSkew how far the issuer's clock may be off: so long after its expiry a token is still accepted, 0 to 1 minute
 * @param tlsBundle SSL bundle with the certificates to trust on the way to the issuer; the JDK's trust if absent
 */
// Spring's metadata take what begins with a property's name for that property: "roles" stands before "rolesClaim"
// above.
@ConfigurationProperties("perigee.security.jwt")
public record JwtProperties(
        @DefaultValue("roles") String rolesClaim,
        @Nullable Map<String, Set<Role>> roles,
        @Nullable String edgeIdClaim,
        @DefaultValue("30s") Duration clockSkew,
        @Nullable String tlsBundle) {

    private static final Duration LARGEST_SKEW = Duration.ofMinutes(1);

    public JwtProperties {
        edgeIdClaim = edgeIdClaim == null || edgeIdClaim.isBlank() ? null : edgeIdClaim.strip();
        tlsBundle = tlsBundle == null || tlsBundle.isBlank() ? null : tlsBundle.strip();
        roles = roles == null ? Map.of() : Map.copyOf(roles);
        if (rolesClaim.isBlank()) {
            throw new IllegalArgumentException("perigee.security.jwt.roles-claim must not be blank");
        }
        if (clockSkew.isNegative() || clockSkew.compareTo(LARGEST_SKEW) > 0) {
            throw new IllegalArgumentException("perigee.security.jwt.clock-skew must be 0 to 1 minute");
        }
    }
}

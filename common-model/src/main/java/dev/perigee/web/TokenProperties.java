package dev.perigee.web;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The bearer tokens a service accepts.
 *
 * @param tokens the bearer tokens that are accepted; without any, and without an issuer of tokens, one a role is generated
 *     and printed once
 */
@ConfigurationProperties("perigee.security")
public record TokenProperties(@Nullable List<Token> tokens) {

    public TokenProperties {
        if (tokens != null && !tokens.isEmpty()) {
            // Here rather than later: what is wrong with a property is told in a line, not in a stack trace.
            new BearerTokens(tokens);
        }
    }

    /**
     * One token.
     *
     * @param name for logs and metrics
     * @param sha256 the SHA-256 digest of the token, 64 hexadecimal digits
     * @param value the token itself, for development; either this or the digest
     * @param roles what it allows
     * @param edgeId the only edge id an EDGE token may use; any if absent
     */
    public record Token(
            String name,
            @Nullable String sha256,
            @Nullable String value,
            Set<Role> roles,
            @Nullable String edgeId) {

        /** Without the secrets. */
        @Override
        public String toString() {
            return "Token[name=" + name + ", roles=" + roles + ", edgeId=" + edgeId + "]";
        }
    }
}

package dev.perigee.web;

import dev.perigee.model.EdgeRegistration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.jwt.Jwt;

/** What the claims of a token that is genuine and in time stand for. Immutable, thread-safe. */
final class JwtGrants {

    private static final int LONGEST_NAME = 200;

    private final JwtProperties properties;

    JwtGrants(JwtProperties properties) {
        this.properties = properties;
    }

    /** Of a token with an expiry. */
    BearerTokens.Grant of(Jwt token, Instant expires) {
        Set<Role> roles = EnumSet.noneOf(Role.class);
        values(claim(token.getClaims(), properties.rolesClaim())).forEach(value -> roles.addAll(roles(value)));
        String edgeId = null;
        String edgeIdClaim = properties.edgeIdClaim();
        if (edgeIdClaim != null && roles.contains(Role.EDGE)) {
            edgeId = claim(token.getClaims(), edgeIdClaim) instanceof String id && EdgeRegistration.isEdgeId(id)
                    ? id
                    : null;
            if (edgeId == null) {
                roles.remove(Role.EDGE);
            }
        }
        return new BearerTokens.Grant(name(token.getSubject()), Set.copyOf(roles), edgeId, expires);
    }

    private static String name(@Nullable String subject) {
        String name = "jwt of " + subject;
        return name.substring(0, Math.min(LONGEST_NAME, name.length()));
    }

    private Set<Role> roles(String value) {
        Map<String, Set<Role>> mapped = properties.roles();
        if (mapped != null && !mapped.isEmpty()) {
            return mapped.getOrDefault(value, Set.of());
        }
        return Arrays.stream(Role.values())
                .filter(role ->
                        value.equals(role.name()) || value.equals(role.name().toLowerCase(Locale.ROOT)))
                .collect(Collectors.toSet());
    }

    private static List<String> values(@Nullable Object claim) {
        if (claim instanceof String text) {
            return List.of(text.strip().split(" +"));
        }
        return claim instanceof Collection<?> list
                ? list.stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .toList()
                : List.of();
    }

    /** By its whole name, or by the name of a claim that it is in: names may have dots themselves. */
    private static @Nullable Object claim(Map<?, ?> claims, String path) {
        Object whole = claims.get(path);
        for (int dot = path.indexOf('.'); whole == null && dot > 0; dot = path.indexOf('.', dot + 1)) {
            if (claims.get(path.substring(0, dot)) instanceof Map<?, ?> within) {
                whole = claim(within, path.substring(dot + 1));
            }
        }
        return whole;
    }
}

package dev.perigee.web;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tokens a service accepts, known by their SHA-256 digests alone. A presented token is digested and compared with
 * every known digest in constant time. Immutable, thread-safe.
 */
public final class BearerTokens {

    private static final int MAX_LENGTH = 8192;
    private static final int GENERATED_BYTES = 24;

    private final List<Known> known;

    private static final class Known {
        private final byte[] digest;
        private final Grant grant;

        Known(byte[] digest, Grant grant) {
            this.digest = digest;
            this.grant = grant;
        }
    }

    /**
     * What a token stands for.
     *
     * @param name of the token
     * @param roles it has
     * @param edgeId the only edge it may speak for, or null
     * @param expires when it stops standing for anything, or null
     */
    public record Grant(
            String name,
            Set<Role> roles,
            @Nullable String edgeId,
            @Nullable Instant expires) {

        /** Longer than anything lasts that is let in once; timers take it. */
        private static final Duration LONGEST = Duration.ofDays(365);

        /** Whether it has expired by then. */
        public boolean expiredAt(Instant now) {
            return expires != null && !now.isBefore(expires);
        }

        /** How long it is still valid, at most a year; null if for ever. */
        public @Nullable Duration validFor(Instant now) {
            if (expires == null) {
                return null;
            }
            Duration left = expires.isAfter(now.plus(LONGEST)) ? LONGEST : Duration.between(now, expires);
            return left.isNegative() ? Duration.ZERO : left;
        }
    }

    /**
     * Knows these tokens.
     *
     * @throws IllegalArgumentException if a token has neither digest nor value, both, no role, or a malformed digest
     */
    public BearerTokens(List<TokenProperties.Token> tokens) {
        List<Known> all = new ArrayList<>();
        Set<String> digests = new HashSet<>();
        for (TokenProperties.Token token : tokens) {
            String digest = HexFormat.of().formatHex(digestOf(token));
            if (!digests.add(digest)) {
                throw new IllegalArgumentException("token " + token.name() + " is the same as another");
            }
            if (token.roles() == null || token.roles().isEmpty()) {
                throw new IllegalArgumentException("token " + token.name() + " has no roles");
            }
            all.add(new Known(
                    digest.getBytes(StandardCharsets.US_ASCII),
                    new Grant(token.name(), Set.copyOf(token.roles()), token.edgeId(), null)));
        }
        this.known = List.copyOf(all);
    }

    private static byte[] digestOf(TokenProperties.Token token) {
        String digest = token.sha256();
        String value = token.value();
        if ((digest == null) == (value == null)) {
            throw new IllegalArgumentException("token " + token.name() + " needs either sha256 or value");
        }
        if (value != null) {
            if (value.isBlank()) {
                throw new IllegalArgumentException("the value of token " + token.name() + " is blank");
            }
            return sha256(value);
        }
        if (digest == null || !digest.matches("[0-9a-fA-F]{64}")) {
            throw new IllegalArgumentException("the sha256 of token " + token.name() + " is not 64 hexadecimal digits");
        }
        return HexFormat.of().parseHex(digest);
    }

    /** What the token stands for, or null if it is not known. */
    public @Nullable Grant authenticate(String token) {
        return find(digest(token));
    }

    /** What the token of a {@link #digest} stands for, or null if it is not known. Takes the same time wherever they differ. */
    @Nullable
    Grant find(String digest) {
        byte[] presented = digest.getBytes(StandardCharsets.US_ASCII);
        Grant found = null;
        for (Known candidate : known) {
            if (MessageDigest.isEqual(candidate.digest, presented)) {
                found = candidate.grant;
            }
        }
        return found;
    }

    /** Stands for a token where the token itself is not wanted. Long ones, which are never right, all have one. */
    static String digest(String token) {
        return token.length() > MAX_LENGTH ? "" : HexFormat.of().formatHex(sha256(token));
    }

    /** A new random token: 192 bits, in URL-safe Base64. */
    public static String generate() {
        byte[] random = new byte[GENERATED_BYTES];
        new SecureRandom().nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}

package dev.perigee.edge.query;

import org.jspecify.annotations.Nullable;

/** Writes {@code Cache-Status} (RFC 9211): how the edge came to its answer. Immutable, thread-safe. */
final class CacheStatus {

    static final String HEADER = "Cache-Status";

    private final String name;

    /** Why a request was sent on (RFC 9211, section 2.2). */
    enum Forward {
        /** There was nothing in memory. */
        URI_MISS("uri-miss"),
        /** What was in memory could not be served any more. */
        STALE("stale"),
        /** The request asked for it. */
        REQUEST("request"),
        /** It is not for the cache. */
        BYPASS("bypass");

        private final String token;

        Forward(String token) {
            this.token = token;
        }
    }

    /** For an edge of this name. */
    CacheStatus(String edgeId) {
        this.name = bare(edgeId);
    }

    /**
     * Answered from memory.
     *
     * @param ttl seconds it could still be; negative if it was served in spite of its age
     */
    String hit(long ttl, @Nullable String detail) {
        return name + "; hit; ttl=" + ttl + (detail == null ? "" : "; detail=" + bare(detail));
    }

    /** Whether an answer was a hit within its bound, with nothing to remark. */
    static boolean isHit(String cacheStatus) {
        return cacheStatus.contains("; hit; ttl=") && !cacheStatus.contains("; detail=");
    }

    /**
     * Sent to home.
     *
     * @param status of home's answer, or 0 without one
     */
    String forwarded(Forward why, int status, boolean stored, boolean collapsed, @Nullable String detail) {
        StringBuilder text = new StringBuilder(96).append(name).append("; fwd=").append(why.token);
        if (status > 0) {
            text.append("; fwd-status=").append(status);
        }
        if (stored) {
            text.append("; stored");
        }
        if (collapsed) {
            text.append("; collapsed");
        }
        if (detail != null) {
            text.append("; detail=").append(bare(detail));
        }
        return text.toString();
    }

    /** Not answered from memory, and not sent on either. */
    String refused(String detail) {
        return name + "; detail=" + bare(detail);
    }

    /** A token (RFC 9651) if it is one, otherwise a string. */
    private static String bare(String text) {
        if (text.matches("[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")) {
            return text;
        }
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c < ' ' || c > '~' ? '?' : c);
        }
        return quoted.append('"').toString();
    }
}

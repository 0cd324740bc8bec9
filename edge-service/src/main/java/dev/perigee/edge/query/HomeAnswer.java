package dev.perigee.edge.query;

import dev.perigee.model.PerigeeHeaders;
import dev.perigee.model.StreamPosition;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An answer of home's, whole. Immutable, if nobody writes to the bytes. */
public final class HomeAnswer {

    private static final int OK = 200;

    private final int status;
    private final byte[] body;
    private final @Nullable String contentType;
    private final @Nullable String version;
    private final @Nullable String cacheability;
    private final @Nullable String tables;
    private final @Nullable String retryAfter;
    private final @Nullable String readBefore;
    private final CacheControl cacheControl;

    HomeAnswer(int status, HttpHeaders headers, byte[] body) {
        this.status = status;
        this.body = body;
        this.contentType = headers.get("Content-Type");
        this.version = headers.get(PerigeeHeaders.VERSION);
        this.cacheability = headers.get(PerigeeHeaders.CACHEABILITY);
        this.tables = headers.get(PerigeeHeaders.TABLES);
        this.retryAfter = headers.get("Retry-After");
        this.readBefore = headers.get(PerigeeHeaders.READ_BEFORE);
        this.cacheControl = CacheControl.parse(headers.getAll("Cache-Control"));
    }

    /** HTTP status. */
    public int status() {
        return status;
    }

    /** The bytes themselves, not a copy. */
    public byte[] body() {
        return body;
    }

    @Nullable
    String contentType() {
        return contentType;
    }

    @Nullable
    String version() {
        return version;
    }

    @Nullable
    String cacheability() {
        return cacheability;
    }

    @Nullable
    String tables() {
        return tables;
    }

    /** When home says it is worth asking again. */
    @Nullable
    String retryAfter() {
        return retryAfter;
    }

    /** Nothing above it is in the result; null if home has not said so. */
    @Nullable
    StreamPosition readBefore() {
        try {
            return readBefore == null ? null : StreamPosition.parse(readBefore);
        } catch (IllegalArgumentException malformed) {
            return null;
        }
    }

    /** How long home lets the result be kept, or null if it leaves that to us. */
    @Nullable
    Duration ttl() {
        Long seconds = cacheControl.maxAge();
        return seconds == null ? null : Duration.ofSeconds(seconds);
    }

    /** What the fence needs to know of a result that may be kept; null if this is none. */
    @Nullable
    Stamp stamp() {
        if (status != OK
                || version == null
                || tables == null
                || contentType == null
                || cacheControl.noStore()
                || !PerigeeHeaders.CACHEABLE.equals(cacheability)) {
            return null;
        }
        try {
            return new Stamp(StreamPosition.parse(version), names(tables), tables, contentType);
        } catch (IllegalArgumentException malformed) {
            return null;
        }
    }

    /**
     * Where and from what a result was read.
     *
     * @param readAt everything at or below it is in the result
     * @param tables qualified names
     * @param tablesHeader the same as home wrote it
     */
    record Stamp(StreamPosition readAt, List<String> tables, String tablesHeader, String contentType) {}

    private static List<String> names(String header) {
        List<String> names = new ArrayList<>();
        for (String part : header.split(",", -1)) {
            String name = part.strip();
            if (!name.isEmpty()) {
                // A plus sign is itself: this is percent-encoding, not that of forms.
                names.add(URLDecoder.decode(name.replace("+", "%2B"), StandardCharsets.UTF_8));
            } else if (!header.isBlank()) {
                throw new IllegalArgumentException("an empty table name");
            }
        }
        return names;
    }
}

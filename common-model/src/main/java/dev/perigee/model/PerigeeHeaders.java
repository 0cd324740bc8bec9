package dev.perigee.model;

/** The header fields of ours that requests and answers carry, beside RFC 9111's and RFC 9211's. */
public final class PerigeeHeaders {

    /**
     * On an answer. Of a read: {@code epoch:version}, everything at or below it is in the result. Of a write: the
     * version that includes it. Between home and edge, absent from an answer that may not be kept.
     */
    public static final String VERSION = "Perigee-Version";

    /** On a request: the answer must include this version (read your writes). */
    public static final String MIN_VERSION = "Perigee-Min-Version";

    /** On an edge's answer: the time up to which the result is known to be current, RFC 3339. */
    public static final String AS_OF = "Perigee-As-Of";

    /**
     * On home's answer to a read that was sent to {@code /api/query?read_before=true}: {@code epoch:version}, nothing above
     * it is in the result. Together with {@link #VERSION} it says of when the result is.
     */
    public static final String READ_BEFORE = "Perigee-Read-Before";

    /** On home's answer: {@code cacheable}, or the reason code why it is not. */
    public static final String CACHEABILITY = "Perigee-Cacheability";

    /** The value of {@link #CACHEABILITY} for a result that may be kept. */
    public static final String CACHEABLE = "cacheable";

    /** On home's answer to a cacheable read: the tables it depends on, percent-encoded, separated by commas. */
    public static final String TABLES = "Perigee-Tables";

    private PerigeeHeaders() {}
}

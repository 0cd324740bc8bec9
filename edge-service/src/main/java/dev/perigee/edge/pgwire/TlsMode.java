package dev.perigee.edge.pgwire;

import java.util.List;

/** How much TLS there has to be on the way to the database: {@code sslmode} of libpq, and what it means there. */
enum TlsMode {
    /** None. */
    DISABLE,
    /** Only if the server will not do without. */
    ALLOW,
    /** If the server offers it. */
    PREFER,
    /** Always; whose certificate it is does not matter, unless certificates to trust are configured. */
    REQUIRE,
    /** Always, with a certificate of somebody trusted. */
    VERIFY_CA,
    /** Always, with a certificate of somebody trusted, for the name of the server. */
    VERIFY_FULL;

    /** What is tried, in this order, until the server takes one. */
    List<Attempt> attempts() {
        return switch (this) {
            case DISABLE -> List.of(Attempt.PLAIN);
            case ALLOW -> List.of(Attempt.PLAIN, Attempt.TLS);
            case PREFER -> List.of(Attempt.TLS_IF_OFFERED, Attempt.PLAIN);
            case REQUIRE, VERIFY_CA, VERIFY_FULL -> List.of(Attempt.TLS);
        };
    }
}

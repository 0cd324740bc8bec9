package dev.perigee.edge.pgwire;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * PostgreSQL's own protocol at the edge.
 *
 * @param enabled whether the edge speaks PostgreSQL's own protocol
 * @param address the local address to listen on; every one if absent
 * @param port to listen on; 0 for any that is free
 * @param upstream how sessions get to the database: home, through home's tunnel, or host:port, straight to it
 * @param tlsMode libpq's sslmode, for the way to the database: disable, allow, prefer, require, verify-ca,
 *     verify-full; prefer if absent, through home disable
 * @param tlsBundle SSL bundle with the certificates to trust on that way, and optionally one of our own to show; the
 *     JDK's trust if absent
 * @param tlsServerName whom the database's certificate has to be for with verify-full; the host of upstream if
 *     absent, required through home
 * @param serverTlsBundle SSL bundle with the certificate shown to clients; without it they get no TLS
 * @param requireTls whether clients without TLS are refused (28000)
 * @param maxConnections sessions at once; more: 53300. Connections that are not authenticated yet are as many at the
 *     most; beyond that the oldest of them is closed
 * @param startupTimeout how long a client may take to be authenticated
 * @param idleTimeout how long a session may do nothing; 0: for ever
 * @param connectTimeout for a connection to each address of the database or of a home, and again for TLS and the
 *     tunnel on it
 * @param maxMessageSize the largest message of a client; 1 GB less 1 byte
 * @param maxResultSize the largest result that is recorded, so that it can be kept
 * @param allowTrust whether clients are let in of whom the database asks nothing (trust and the like in pg_hba.conf,
 *     for the edge's or home's address). Refused otherwise: 28000
 */
@ConfigurationProperties("perigee.edge.pgwire")
record PgWireProperties(
        @DefaultValue("true") boolean enabled,
        @Nullable String address,
        @DefaultValue("6432") int port,
        @DefaultValue("home") String upstream,
        @Nullable TlsMode tlsMode,
        @Nullable String tlsBundle,
        @Nullable String tlsServerName,
        @Nullable String serverTlsBundle,
        @DefaultValue("false") boolean requireTls,
        @DefaultValue("1000") int maxConnections,
        @DefaultValue("60s") Duration startupTimeout,
        @DefaultValue("0s") Duration idleTimeout,
        @DefaultValue("5s") Duration connectTimeout,
        @DefaultValue("1073741823B") DataSize maxMessageSize,
        @DefaultValue("1MB") DataSize maxResultSize,
        @DefaultValue("false") boolean allowTrust) {

    /** PostgreSQL's MAX_STARTUP_PACKET_LENGTH: of what follows the length. */
    static final int MAX_STARTUP_PACKET_LENGTH = 10_000;

    private static final String HOME = "home";
    private static final int HIGHEST_PORT = 65_535;
    /** What PostgreSQL itself can take. */
    private static final int LARGEST_MESSAGE = (1 << 30) - 1;

    private static final Duration LONGEST_TIMEOUT = Duration.ofHours(1);

    PgWireProperties {
        address = blankToNull(address);
        tlsBundle = blankToNull(tlsBundle);
        tlsServerName = blankToNull(tlsServerName);
        serverTlsBundle = blankToNull(serverTlsBundle);
        upstream = upstream.strip();
        check(port >= 0 && port <= HIGHEST_PORT, "port must be 0 to 65535");
        check(HOME.equals(upstream) || HostAndPort.of(upstream) != null, "upstream must be home, or host:port");
        check(
                tlsMode != TlsMode.VERIFY_FULL || !HOME.equals(upstream) || tlsServerName != null,
                "tls-server-name is required for tls-mode verify-full through home: whom the database's certificate has"
                        + " to be for");
        check(!requireTls || serverTlsBundle != null, "server-tls-bundle is required if require-tls is set");
        check(maxConnections >= 1 && maxConnections <= 100_000, "max-connections must be 1 to 100000");
        check(
                startupTimeout.toMillis() >= 1 && startupTimeout.compareTo(LONGEST_TIMEOUT) <= 0,
                "startup-timeout must be 1 ms to 1 hour");
        check(
                !idleTimeout.isNegative() && idleTimeout.compareTo(Duration.ofDays(30)) <= 0,
                "idle-timeout must be 0 to 30 days");
        check(
                connectTimeout.toMillis() >= 1 && connectTimeout.compareTo(Duration.ofMinutes(1)) <= 0,
                "connect-timeout must be 1 ms to 1 minute");
        check(
                maxMessageSize.toBytes() >= MAX_STARTUP_PACKET_LENGTH && maxMessageSize.toBytes() <= LARGEST_MESSAGE,
                "max-message-size must be 10000 bytes to 1 GB less 1 byte");
        check(
                maxResultSize.toBytes() >= 0 && maxResultSize.toBytes() <= LARGEST_MESSAGE,
                "max-result-size must be 0 to 1 GB less 1 byte");
    }

    /** A host's name, or its address, and a port. */
    record HostAndPort(String host, int port) {

        /** Null if it is none. */
        static @Nullable HostAndPort of(String text) {
            int colon = text.lastIndexOf(':');
            if (colon < 1 || !text.substring(colon + 1).matches("[0-9]{1,5}")) {
                return null;
            }
            String host = text.substring(0, colon);
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            String bare = bracketed ? host.substring(1, host.length() - 1) : host;
            int port = Integer.parseInt(text.substring(colon + 1));
            boolean valid = bracketed ? bare.matches("[0-9A-Fa-f:.%a-z]+") : bare.matches("[A-Za-z0-9._-]+");
            return valid && port >= 1 && port <= HIGHEST_PORT ? new HostAndPort(bare, port) : null;
        }

        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** Where the database is; null if that is home's affair. */
    @Nullable
    HostAndPort database() {
        return HostAndPort.of(upstream);
    }

    /** What {@link #tlsMode} says, or what holds if it says nothing. */
    TlsMode tls() {
        if (tlsMode != null) {
            return tlsMode;
        }
        return HOME.equals(upstream) ? TlsMode.DISABLE : TlsMode.PREFER;
    }

    private static @Nullable String blankToNull(@Nullable String value) {
        return value == null || value.isBlank() ? null : value.strip();
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("perigee.edge.pgwire." + otherwise);
        }
    }
}

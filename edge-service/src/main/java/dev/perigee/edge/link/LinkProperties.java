package dev.perigee.edge.link;

import dev.perigee.model.EdgeRegistration;
import dev.perigee.model.Interest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who this edge is, and how stale it may be.
 *
 * @param id the edge's name, unique in the fleet: letters, digits, dot, dash, underscore; the host's name if absent
 * @param region where the edge stands
 * @param baseUrl where clients reach the edge; http://<host>:<port> if absent, or https with TLS
 * @param maxStaleness once the edge is further behind than this nothing is answered from memory
 * @param whenStale past that bound: ask home (bypass), or 503 (refuse)
 * @param staleIfError how much further results may be behind if home cannot be reached
 * @param connectTimeout how long to wait for a connection to one home
 * @param idleTimeout how long a connection to a home is kept for the next request; must be less than the home, or a load
 *     balancer before it, keeps one, or a write is sent now and then into a connection that is being closed
 * @param interest patterns such as public.orders or sales.*, separated by commas: home sends changes of these tables
 *     only, and results that read any other are not kept (outside-interest); every table if absent
 */
@ConfigurationProperties("perigee.edge")
public record LinkProperties(
        @Nullable String id,
        @DefaultValue("default") String region,
        @Nullable String baseUrl,
        @DefaultValue("5s") Duration maxStaleness,
        @DefaultValue("bypass") WhenStale whenStale,
        @DefaultValue("0s") Duration staleIfError,
        @DefaultValue("3s") Duration connectTimeout,
        @DefaultValue("30s") Duration idleTimeout,
        @Nullable List<String> interest) {

    /** What to do with a read that could be answered from memory but for the bound on staleness. */
    public enum WhenStale {
        /** Ask home. */
        BYPASS,
        /** Answer that the edge is too stale. */
        REFUSE
    }

    public LinkProperties {
        id = id == null || id.isBlank() ? hostId() : id;
        check(
                id.matches(EdgeRegistration.EDGE_ID_PATTERN),
                "perigee.edge.id must match " + EdgeRegistration.EDGE_ID_PATTERN);
        check(
                !maxStaleness.isNegative() && maxStaleness.compareTo(Duration.ofDays(1)) <= 0,
                "perigee.edge.max-staleness must be 0 to 1 day");
        check(
                !staleIfError.isNegative() && staleIfError.compareTo(Duration.ofDays(30)) <= 0,
                "perigee.edge.stale-if-error must be 0 to 30 days");
        check(
                connectTimeout.toMillis() > 0 && connectTimeout.compareTo(Duration.ofMinutes(1)) <= 0,
                "perigee.edge.connect-timeout must be 1 ms to 1 minute");
        check(
                idleTimeout.toMillis() > 0 && idleTimeout.compareTo(Duration.ofHours(1)) <= 0,
                "perigee.edge.idle-timeout must be 1 ms to 1 hour");
        interest = interest == null || interest.isEmpty() ? null : List.copyOf(interest);
        check(
                isInterest(interest),
                "perigee.edge.interest must be at most " + Interest.MAX_PATTERNS
                        + " patterns of schema.table, with * for any characters");
        new EdgeRegistration(id, region, baseUrl == null ? "http://localhost" : baseUrl);
    }

    /** Its name in the fleet. */
    public String edgeId() {
        return id == null ? hostId() : id;
    }

    EdgeRegistration registration(boolean encrypted, int port) {
        return new EdgeRegistration(
                edgeId(),
                region,
                baseUrl == null ? (encrypted ? "https://" : "http://") + hostName() + ":" + port : baseUrl,
                interest);
    }

    /** The tables of {@link #interest}. */
    public Interest tables() {
        return Interest.in(interest);
    }

    private static boolean isInterest(@Nullable List<String> patterns) {
        try {
            Interest.in(patterns);
            return true;
        } catch (IllegalArgumentException none) {
            return false;
        }
    }

    private static String hostId() {
        String safe = hostName().replaceAll("[^A-Za-z0-9._-]", "-").replaceFirst("^[^A-Za-z0-9]+", "");
        return safe.isEmpty() ? "edge" : safe.substring(0, Math.min(64, safe.length()));
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "localhost";
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}

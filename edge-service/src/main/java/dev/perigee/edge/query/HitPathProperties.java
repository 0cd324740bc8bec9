package dev.perigee.edge.query;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Whether hits over HTTP are answered beneath the web framework.
 *
 * @param enabled if not, each hit goes the whole way, is observed as {@code http.server.requests}, and costs several times
 *     as much
 */
@ConfigurationProperties("perigee.edge.hit-path")
record HitPathProperties(@DefaultValue("true") boolean enabled) {}

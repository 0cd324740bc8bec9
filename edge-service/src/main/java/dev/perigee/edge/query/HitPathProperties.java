package dev.perigee.edge.query;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Whether hits over HTTP are answered beneath the web framework.
 *
 * @param enabled whether hits over HTTP/1.1 are answered beneath the web framework; off, they are observed as
 *     http.server.requests and cost several times as much
 */
@ConfigurationProperties("perigee.edge.hit-path")
record HitPathProperties(@DefaultValue("true") boolean enabled) {}

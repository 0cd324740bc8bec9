package dev.perigee.home.wal;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Which home this is.
 *
 * @param id unique among the homes of a database; the host name and four hexadecimal digits if not set
 */
@ConfigurationProperties("perigee.home")
record HomeProperties(@Nullable String id) {}

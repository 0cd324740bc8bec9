package dev.perigee.home.wal;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Which home this is.
 *
 * @param id unique among the homes of a database; host name and 4 hexadecimal digits if absent
 */
@ConfigurationProperties("perigee.home")
record HomeProperties(@Nullable String id) {}

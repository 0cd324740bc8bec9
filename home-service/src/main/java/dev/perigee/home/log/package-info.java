/** The compacted invalidation log. */
@NullMarked
package dev.perigee.home.log;

import org.jspecify.annotations.NullMarked;

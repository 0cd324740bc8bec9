/** The way through home to its database, for sessions at edges that cannot reach it themselves. */
@NullMarked
package dev.perigee.home.tunnel;

import org.jspecify.annotations.NullMarked;

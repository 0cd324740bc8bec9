/** The fleet: registry, sessions, the stream, acknowledgements. */
@NullMarked
package dev.perigee.home.edges;

import org.jspecify.annotations.NullMarked;

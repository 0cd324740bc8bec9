/** Who may do what at an edge. */
@NullMarked
package dev.perigee.edge.security;

import org.jspecify.annotations.NullMarked;

/** Edge: the service near the readers. */
@NullMarked
package dev.perigee.edge;

import org.jspecify.annotations.NullMarked;

/** The read path and its policies, and the query API. */
@NullMarked
package dev.perigee.edge.query;

import org.jspecify.annotations.NullMarked;

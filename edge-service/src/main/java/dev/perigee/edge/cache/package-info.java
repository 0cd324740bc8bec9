/** Results, keyed and weighed, and the watermarks that decide which of them may be served. */
@NullMarked
package dev.perigee.edge.cache;

import org.jspecify.annotations.NullMarked;

/**
 * Microbenchmarks of the core, run by JMH; and what {@code ./bench} measures the services with: load generators, and the
 * least a server can do in their place. Nothing here is part of the product.
 */
@NullMarked
package dev.perigee.bench;

import org.jspecify.annotations.NullMarked;

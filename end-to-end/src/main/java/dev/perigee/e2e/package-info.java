/** Perigee's services as real processes: the quickstart, and what the end-to-end tests and it share. JDK only. */
@NullMarked
package dev.perigee.e2e;

import org.jspecify.annotations.NullMarked;

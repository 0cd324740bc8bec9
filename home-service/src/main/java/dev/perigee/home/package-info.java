/** Home: the service beside the primary database. */
@NullMarked
package dev.perigee.home;

import org.jspecify.annotations.NullMarked;

/** What the tests of several modules share. On the class path of no service. */
@NullMarked
package dev.perigee.testing;

import org.jspecify.annotations.NullMarked;

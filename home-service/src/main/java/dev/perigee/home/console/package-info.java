/** The console's files. What it shows comes from elsewhere. */
@NullMarked
package dev.perigee.home.console;

import org.jspecify.annotations.NullMarked;

/** Who may do what at home. */
@NullMarked
package dev.perigee.home.security;

import org.jspecify.annotations.NullMarked;

/** Analysis of statements, their execution, and the query API. */
@NullMarked
package dev.perigee.home.query;

import org.jspecify.annotations.NullMarked;

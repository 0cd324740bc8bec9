/**
 * The records of the wire: what home, edges, clients and operators say to each other. JDK only; JSON names are the
 * record components in snake_case.
 */
@NullMarked
package dev.perigee.model;

import org.jspecify.annotations.NullMarked;

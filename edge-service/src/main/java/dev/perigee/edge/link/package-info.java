/** The stream from home: resume, apply, acknowledge, and how stale that leaves us. */
@NullMarked
package dev.perigee.edge.link;

import org.jspecify.annotations.NullMarked;

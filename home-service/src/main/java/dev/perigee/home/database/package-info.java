/** The database home works on: the embedded one, the checks at start-up, the publication, the event trigger. */
@NullMarked
package dev.perigee.home.database;

import org.jspecify.annotations.NullMarked;

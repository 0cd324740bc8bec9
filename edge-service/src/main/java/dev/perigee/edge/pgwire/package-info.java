/** PostgreSQL's own protocol: sessions of clients, relayed to the database, with reads answered from memory. */
@NullMarked
package dev.perigee.edge.pgwire;

import org.jspecify.annotations.NullMarked;

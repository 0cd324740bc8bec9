/** From the write-ahead log to committed changes: pgoutput decoding, the slot, transactions, the visibility gate. */
@NullMarked
package dev.perigee.home.wal;

import org.jspecify.annotations.NullMarked;

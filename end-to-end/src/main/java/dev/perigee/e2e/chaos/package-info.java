/**
 * Perigee under faults: real processes, a real PostgreSQL, proxies that delay, cut and silence, writers, and readers that
 * compare every answer with what the writers know. What {@code ./chaos} runs. JDK, PostgreSQL's driver and its binaries only.
 */
@NullMarked
package dev.perigee.e2e.chaos;

import org.jspecify.annotations.NullMarked;

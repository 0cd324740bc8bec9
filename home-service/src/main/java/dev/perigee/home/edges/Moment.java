package dev.perigee.home.edges;

import java.time.Instant;

/**
 * Now, by both clocks.
 *
 * @param nanos the monotonic one: for measuring
 * @param time the wall clock: for people to read
 */
record Moment(long nanos, Instant time) {

    static Moment now() {
        return new Moment(System.nanoTime(), Instant.now());
    }
}

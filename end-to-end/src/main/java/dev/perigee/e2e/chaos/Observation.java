package dev.perigee.e2e.chaos;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer to a read, all times by this process's {@link System#nanoTime()}.
 *
 * @param where the edge that answered
 * @param register what was read
 * @param begun when it was asked
 * @param ended when the answer had arrived
 * @param hit whether it came from memory
 * @param values what it showed
 * @param position everything up to there is in it, it says
 * @param claimed as of when it is current, by what it says
 * @param wanted what it was asked not to miss
 * @param text how it described itself
 */
record Observation(
        String where,
        Register register,
        long begun,
        long ended,
        boolean hit,
        List<Long> values,
        Register.@Nullable Position position,
        long claimed,
        Register.@Nullable Token wanted,
        String text) {}

package dev.perigee.home.query;

import org.jspecify.annotations.Nullable;

/**
 * A name followed by an opening parenthesis: a call, if a function of that name exists.
 *
 * @param schema if written
 * @param name of the function
 * @param arguments how many, or -1 if the notation does not tell
 */
record FunctionCall(@Nullable String schema, String name, int arguments) {

    static final int UNKNOWN = -1;

    /** Whether a function that takes so many arguments may be meant. */
    boolean mayMean(int parameters, int defaults, boolean variadic) {
        return arguments == UNKNOWN
                || (arguments <= parameters && arguments >= parameters - defaults)
                || (variadic && arguments >= parameters - 1 - defaults);
    }
}

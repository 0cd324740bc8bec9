package dev.perigee.home.query;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known about a statement's text. A cacheable statement is also proven to change nothing, neither data nor
 * session; of any other that is not known.
 *
 * @param reason why its results may not be kept, or null if they may
 * @param tables what they depend on, if they may
 */
record Decision(@Nullable Reason reason, Set<String> tables) {

    static Decision cacheable(Set<String> tables) {
        return new Decision(null, Set.copyOf(tables));
    }

    static Decision refused(Reason reason) {
        return new Decision(reason, Set.of());
    }

    boolean isCacheable() {
        return reason == null;
    }
}

package dev.perigee.edge.cache;

import com.github.benmanes.caffeine.cache.Interner;

/**
 * One instance of what many results have in common, each of which has read it off the wire anew: texts of statements, names of
 * tables, epochs. Weak: what no result refers to any more is forgotten. Thread-safe.
 */
public final class Shared {

    private static final Interner<Object> VALUES = Interner.newWeakInterner();

    private Shared() {}

    /**
     * The instance to keep.
     *
     * @param value immutable, with equality by value
     */
    @SuppressWarnings("unchecked")
    public static <T> T of(T value) {
        return (T) VALUES.intern(value);
    }
}

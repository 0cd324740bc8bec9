package dev.perigee.home.query;

import org.jspecify.annotations.Nullable;

/** A type that something which is not a constant is cast to. */
record TypeUse(@Nullable String schema, String name) {}

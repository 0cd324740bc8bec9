package dev.perigee.home.wal;

import dev.perigee.web.WireJson;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A manual invalidation as it stands in the WAL, transactional, under the prefix {@code perigee.invalidate}.
 *
 * @param id by which the home that wrote it knows it again
 * @param tables qualified names; empty for every table
 */
record InvalidationMessage(String id, List<String> tables) {

    static final String PREFIX = "perigee.invalidate";

    InvalidationMessage {
        if (id == null || tables == null || tables.stream().anyMatch(name -> name == null || name.isEmpty())) {
            throw new IllegalArgumentException("an invalidation has an id and tables");
        }
        tables = List.copyOf(tables);
    }

    String toJson() {
        return WireJson.mapper().writeValueAsString(this);
    }

    /** Null if it is none. */
    static @Nullable InvalidationMessage parse(@Nullable String json) {
        if (json == null) {
            return null;
        }
        try {
            return WireJson.mapper().readValue(json, InvalidationMessage.class);
        } catch (JacksonException garbage) {
            return null;
        }
    }
}

package dev.perigee.simulation.mutation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A deliberate bug in the core. Where one line of defence stands behind another, both are removed, and the name says so.
 *
 * @param name what is done wrong
 */
record Mutation(String name, List<Change> changes) {

    /**
     * One change of a source.
     *
     * @param type the class
     * @param original a piece of its source that occurs there once
     * @param instead what stands there in the mutant
     */
    record Change(String type, String original, String instead) {

        private String in(String source) {
            int at = source.indexOf(original);
            if (at < 0 || source.indexOf(original, at + 1) >= 0) {
                throw new IllegalStateException("in " + type + " this must be once: " + original);
            }
            return source.replace(original, instead);
        }

        private Path file() {
            String module = type.startsWith("dev.perigee.home.") ? "home-service" : "edge-service";
            return Path.of("..", module, "src", "main", "java").resolve(type.replace('.', '/') + ".java");
        }
    }

    Mutation(String name, String type, String original, String instead) {
        this(name, List.of(new Change(type, original, instead)));
    }

    /** The same, and another change as well. */
    Mutation and(String type, String original, String instead) {
        return new Mutation(
                name,
                Stream.concat(changes.stream(), Stream.of(new Change(type, original, instead)))
                        .toList());
    }

    /** The sources with the bug in them, by class. */
    Map<String, String> sources() {
        Map<String, String> sources = new LinkedHashMap<>();
        for (Change change : changes) {
            String before = sources.computeIfAbsent(change.type, any -> read(change.file()));
            sources.put(change.type, change.in(before));
        }
        return sources;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}

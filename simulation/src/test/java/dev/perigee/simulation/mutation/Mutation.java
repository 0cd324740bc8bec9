package dev.perigee.simulation.mutation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A deliberate bug in the core.
 *
 * @param name what is done wrong
 * @param type the class it is done in
 * @param original a piece of its source that occurs there once
 * @param instead what stands there in the mutant
 */
record Mutation(String name, String type, String original, String instead) {

    /** The source with the bug in it. */
    String source() {
        try {
            String source = Files.readString(file());
            int at = source.indexOf(original);
            if (at < 0 || source.indexOf(original, at + 1) >= 0) {
                throw new IllegalStateException(
                        "\"" + name + "\" no longer knows where: in " + type + " this must be once: " + original);
            }
            return source.replace(original, instead);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private Path file() {
        String module = type.startsWith("dev.perigee.home.") ? "home-service" : "edge-service";
        return Path.of("..", module, "src", "main", "java").resolve(type.replace('.', '/') + ".java");
    }

    @Override
    public String toString() {
        return name;
    }
}

package dev.perigee.openapi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The records of some modules: what their documentation says of them and their components, and which may be null. */
final class Sources {

    private static final Pattern PARAM =
            Pattern.compile("@param (\\w+) (.*?)(?=\\s@(?:param|return|throws)\\b|$)", Pattern.DOTALL);

    private final Map<Path, String> files = new LinkedHashMap<>();

    /** One record. */
    record Described(Class<?> type, String text, Map<String, String> components) {

        /** By name, whether it may be null. */
        Map<String, Boolean> nullable() {
            Map<String, Boolean> all = new LinkedHashMap<>();
            for (RecordComponent component : type.getRecordComponents()) {
                AnnotatedType annotated = component.getAnnotatedType();
                all.put(component.getName(), annotated.isAnnotationPresent(Nullable.class));
            }
            return all;
        }
    }

    /** Of these directories. */
    Sources(Path... roots) {
        for (Path root : roots) {
            try (Stream<Path> all = Files.walk(root)) {
                for (Path file : all.filter(path -> path.toString().endsWith(".java"))
                        .sorted()
                        .toList()) {
                    files.put(root.relativize(file), Files.readString(file));
                }
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
    }

    /** The record of this simple name with these components, if it is one. */
    Optional<Described> find(String name, Set<String> components) {
        Pattern declaration = Pattern.compile(
                "(/\\*\\*(?:(?!\\*/).)*\\*/)?\\s*(?:@\\w+\\s*)*(?:public |private )?record " + name + "\\(",
                Pattern.DOTALL);
        return files.entrySet().stream()
                .flatMap(file -> declaration
                        .matcher(file.getValue())
                        .results()
                        .map(found -> describe(type(file.getKey(), name), found.group(1))))
                .filter(described -> described.nullable().keySet().equals(components))
                .findFirst();
    }

    private static Class<?> type(Path file, String name) {
        String outer = file.toString().replaceAll("\\.java$", "").replace('/', '.');
        try {
            return Class.forName(outer.endsWith("." + name) ? outer : outer + "$" + name);
        } catch (ClassNotFoundException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static Described describe(Class<?> type, @Nullable String javadoc) {
        String text = javadoc == null ? "" : plain(javadoc);
        Map<String, String> components = new LinkedHashMap<>();
        Matcher params = PARAM.matcher(text);
        while (params.find()) {
            components.put(params.group(1), sentence(params.group(2)));
        }
        List<String> parts = Arrays.asList(text.split("\\s?@(?:param|return|throws)\\b", 2));
        return new Described(type, sentence(parts.get(0)), components);
    }

    /** Markdown, as OpenAPI has it. */
    private static String plain(String javadoc) {
        return javadoc.replaceAll("(?m)^\\s*/?\\*+/?", " ")
                .replaceAll("\\*/", " ")
                .replaceAll("<[^>]+>", " ")
                .replaceAll("\\{@(?:code|link) ([^}]*)}", "`$1`")
                .replaceAll("\\s+", " ")
                .strip();
    }

    private static String sentence(String text) {
        String stripped = text.strip();
        return stripped.isEmpty() ? "" : Character.toUpperCase(stripped.charAt(0)) + stripped.substring(1);
    }
}

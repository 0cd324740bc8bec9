package dev.perigee.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;

/**
 * The names of all properties of Perigee, home's and an edge's, in every form that Spring Boot accepts. They are written as
 * in the documents, with {@code []} behind a list and {@code .*} behind a map. Immutable.
 */
final class KnownProperties {

    private static final String RESOURCE = "known-properties.txt";
    private static final String INDEX = "[]";
    private static final String ANY = "*";

    private final List<Known> all;

    /** One of them: its elements, and the pattern of environment variables that set it. */
    private record Known(String name, List<String> elements, Pattern variable) {

        static Known of(String name) {
            List<String> elements = List.of(name.replace(INDEX, "." + INDEX).split("\\.", -1));
            // The second is how Spring Boot spelled it once, and reads it still.
            Pattern variable = Pattern.compile(variable(elements, "") + "|" + variable(elements, "_"));
            return new Known(name, elements, variable);
        }

        private static String variable(List<String> elements, String dash) {
            StringBuilder pattern = new StringBuilder();
            for (int i = 0; i < elements.size(); i++) {
                String element = elements.get(i);
                switch (element) {
                    case INDEX -> pattern.append(i == elements.size() - 1 ? "(?:_\\d+)?" : "_\\d+");
                    case ANY -> pattern.append("_.+");
                    default ->
                        pattern.append(i == 0 ? "" : "_")
                                .append(element.replace("-", dash).toUpperCase(Locale.ROOT));
                }
            }
            return pattern.toString();
        }

        boolean matches(ConfigurationPropertyName given) {
            int at = 0;
            for (int i = 0; i < elements.size(); i++) {
                String element = elements.get(i);
                boolean more = at < given.getNumberOfElements();
                if (element.equals(ANY)) {
                    return more;
                }
                if (element.equals(INDEX) && !more && i == elements.size() - 1) {
                    return true;
                }
                boolean same = more
                        && (element.equals(INDEX)
                                ? given.isNumericIndex(at)
                                : element.replace("-", "").equals(given.getElement(at, Form.UNIFORM)));
                if (!same) {
                    return false;
                }
                at++;
            }
            return at == given.getNumberOfElements();
        }
    }

    KnownProperties(List<String> names) {
        all = names.stream().map(Known::of).toList();
    }

    /** Those of this version. */
    static KnownProperties load() {
        try (InputStream names = KnownProperties.class.getResourceAsStream(RESOURCE)) {
            if (names == null) {
                throw new IllegalStateException(RESOURCE + " is missing");
            }
            return new KnownProperties(new String(names.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Whether it is one of them, as files, arguments and system properties spell it. */
    boolean contains(ConfigurationPropertyName name) {
        return all.stream().anyMatch(known -> known.matches(name));
    }

    /** Whether it sets one of them, as the environment spells it. */
    boolean containsVariable(String variable) {
        String upper = variable.toUpperCase(Locale.ROOT);
        return all.stream().anyMatch(known -> known.variable.matcher(upper).matches());
    }

    /** The one whose spelling is nearest, if any is near. */
    @Nullable
    String nearest(String name) {
        String given = bare(name.replace('_', '.'));
        String nearest = null;
        int least = Math.max(2, given.length() / 4) + 1;
        for (Known known : all) {
            int distance = distance(given, bare(known.name));
            if (distance < least) {
                least = distance;
                nearest = known.name;
            }
        }
        return nearest;
    }

    /** Without what spellings differ in. */
    private static String bare(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z.]|\\.\\*$", "").replaceAll("\\.{2,}", ".");
    }

    /** Levenshtein's. */
    private static int distance(String one, String other) {
        int[] before = new int[other.length() + 1];
        for (int j = 0; j < before.length; j++) {
            before[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int[] row = new int[before.length];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = before[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(changed, Math.min(before[j], row[j - 1]) + 1);
            }
            before = row;
        }
        return before[other.length()];
    }
}

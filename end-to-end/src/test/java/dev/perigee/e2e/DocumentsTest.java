package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents say proves something is there. */
class DocumentsTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern NAMED = Pattern.compile("(?<![*\\w])([A-Z][A-Za-z0-9]+Test)\\b(?:[.#]([a-z]\\w+))?");

    @Test
    void everyTestThatIsNamedExists() throws IOException {
        Set<String> missing = new TreeSet<>();
        int named = 0;
        for (Path document : files(ROOT.resolve("docs"), ".md").toList()) {
            Matcher matcher = NAMED.matcher(Files.readString(document));
            while (matcher.find()) {
                named++;
                if (!exists(matcher.group(1), matcher.group(2))) {
                    missing.add(document.getFileName() + ": " + matcher.group());
                }
            }
        }
        assertThat(missing).isEmpty();
        assertThat(named).isGreaterThan(30);
    }

    private static boolean exists(String test, String method) throws IOException {
        Set<Path> found = Stream.of(
                        "common-model", "home-service", "edge-service", "simulation", "openapi", "end-to-end")
                .flatMap(module -> files(ROOT.resolve(module).resolve("src/test/java"), "/" + test + ".java"))
                .collect(Collectors.toSet());
        for (Path file : found) {
            if (method == null || Files.readString(file).contains("void " + method + "(")) {
                return true;
            }
        }
        return false;
    }

    private static Stream<Path> files(Path directory, String end) {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(file -> file.toString().endsWith(end)).toList().stream();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}

package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents name is there: tests, pages, headings, and a page for each alert. */
class DocumentsTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern NAMED = Pattern.compile("(?<![*\\w])([A-Z][A-Za-z0-9]+Test)\\b(?:[.#]([a-z]\\w+))?");

    private static final Pattern LINK = Pattern.compile("\\]\\((?![a-z]+:)([^)#\\s]*)(?:#([^)\\s]+))?\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} (.*)$");
    /** Neither links nor headings are in there. */
    private static final Pattern CODE = Pattern.compile("(?ms)^```.*?^```$|^ {4}.*?$");

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

    @Test
    void everyRelativeLinkLeadsSomewhere() throws IOException {
        List<Path> documents = Stream.concat(
                        Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
                                .map(ROOT::resolve),
                        Stream.of("docs", "deploy").flatMap(directory -> files(ROOT.resolve(directory), ".md")))
                .toList();
        List<String> broken = new ArrayList<>();
        int followed = 0;
        for (Path document : documents) {
            Matcher link = LINK.matcher(CODE.matcher(Files.readString(document)).replaceAll(""));
            while (link.find()) {
                followed++;
                Path target = link.group(1).isEmpty()
                        ? document
                        : document.resolveSibling(link.group(1)).normalize();
                if (!Files.exists(target)
                        || (link.group(2) != null && !headings(target).contains(link.group(2)))) {
                    broken.add(document + ": " + link.group());
                }
            }
        }
        assertThat(broken).isEmpty();
        assertThat(followed).isGreaterThan(50);
    }

    /** The names by which a page's headings are linked to, as GitHub makes them. */
    private static Set<String> headings(Path page) throws IOException {
        return HEADING.matcher(CODE.matcher(Files.readString(page)).replaceAll(""))
                .results()
                .map(heading -> heading.group(1).strip().toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    @Test
    void everyAlertHasAPageOfTheRunbookAndNoPageIsLeftOver() throws IOException {
        Set<String> alerts = new TreeSet<>();
        for (Map<?, ?> rule : PromQuery.rules(ROOT.resolve("deploy/prometheus/rules.yml"))) {
            String alert = String.valueOf(rule.get("alert"));
            alerts.add(alert + ".md");
            Map<?, ?> annotations = (Map<?, ?>) rule.get("annotations");
            assertThat(annotations.get("runbook_url")).isEqualTo("docs/runbook/" + alert + ".md");
            assertThat(annotations.get("summary")).asString().isNotBlank();
            assertThat(annotations.get("description")).asString().isNotBlank();
        }
        assertThat(files(ROOT.resolve("docs/runbook"), ".md")
                        .map(page -> page.getFileName().toString())
                        .filter(page -> !page.equals("README.md")))
                .containsExactlyInAnyOrderElementsOf(alerts);
        assertThat(alerts).hasSizeGreaterThan(15);
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

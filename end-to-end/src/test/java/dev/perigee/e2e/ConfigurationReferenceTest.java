package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.testing.GeneratedDocument;
import dev.perigee.web.TokenProperties;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is generated from the configuration metadata is up to date. {@code -Ddocs.write=true} brings it up to date. */
class ConfigurationReferenceTest {

    private static final String COMMAND = "./mvnw -pl end-to-end -am test -Dtest=ConfigurationReferenceTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Ddocs.write=true";

    private static final Path ROOT = Path.of("..");
    private static final Path DOCUMENT = ROOT.resolve("docs/configuration.md");
    private static final Path NAMES =
            ROOT.resolve("common-model/src/main/resources/dev/perigee/web/known-properties.txt");
    private static final List<String> MODULES = List.of("common-model", "home-service", "edge-service");
    private static final Pattern GENERATED =
            Pattern.compile("(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", Pattern.DOTALL);

    /** One property as the metadata has it. */
    private record Property(String name, String type, String defaultValue, String description) {}

    @Test
    void theDocumentListsEveryProperty() throws IOException {
        String document = Files.readString(DOCUMENT);
        List<String> modules = new ArrayList<>();
        String generated = GENERATED.matcher(document).replaceAll(block -> {
            modules.add(block.group(2));
            return Matcher.quoteReplacement(block.group(1) + table(block.group(2)) + block.group(3));
        });
        assertThat(modules).containsExactlyElementsOf(MODULES);
        compare(DOCUMENT, generated);
    }

    @Test
    void theServicesKnowEveryProperty() throws IOException {
        List<String> names = new ArrayList<>();
        for (String module : MODULES) {
            for (Property property : properties(module)) {
                names.addAll(forms(property));
            }
        }
        compare(NAMES, String.join("\n", names.stream().sorted().toList()) + "\n");
    }

    @Test
    void everyPropertyIsExplained() {
        List<Property> all =
                MODULES.stream().flatMap(module -> properties(module).stream()).toList();
        assertThat(all)
                .hasSizeGreaterThan(60)
                .allSatisfy(property -> assertThat(property.description())
                        .as(property.name())
                        .hasSizeGreaterThan(10)
                        // An IDE shows it as it is.
                        .doesNotContain("{@"));
    }

    private static void compare(Path file, String expected) throws IOException {
        GeneratedDocument.check(file, expected, "the configuration metadata says", COMMAND);
    }

    private static String table(String module) {
        StringBuilder table = new StringBuilder("| property | default | |\n|---|---|---|\n");
        for (Property property : properties(module)) {
            table.append("| `")
                    .append(property.name())
                    .append("` | ")
                    .append(property.defaultValue().isEmpty() ? "–" : "`" + property.defaultValue() + "`")
                    .append(" | ")
                    .append(property.description().replace("<", "&lt;").replace("|", "\\|"))
                    .append(" |\n");
        }
        return table.toString();
    }

    private static List<Property> properties(String module) {
        Path metadata = ROOT.resolve(module).resolve("target/classes/META-INF/spring-configuration-metadata.json");
        assertThat(metadata).exists();
        JsonNode properties = JsonMapper.builder().build().readTree(metadata).get("properties");
        return properties
                .valueStream()
                .map(property -> new Property(
                        property.get("name").stringValue(),
                        property.get("type").stringValue(),
                        property.path("defaultValue").asString(""),
                        property.path("description").asString("")))
                .toList();
    }

    /** As {@code KnownProperties} reads them. */
    private static Collection<String> forms(Property property) {
        String type = property.type();
        if (type.startsWith("java.util.Map<")) {
            return List.of(property.name() + ".*");
        }
        if (type.contains(TokenProperties.Token.class.getName())) {
            return Arrays.stream(TokenProperties.Token.class.getRecordComponents())
                    .map(component -> property.name() + "[]." + dashed(component.getName()) + index(component))
                    .toList();
        }
        boolean several = Stream.of("List", "Set").anyMatch(kind -> type.startsWith("java.util." + kind + "<"));
        assertThat(several && type.contains("<dev.perigee."))
                .as("%s: the fields of %s are to be listed here", property.name(), type)
                .isFalse();
        return List.of(property.name() + (several ? "[]" : ""));
    }

    private static String index(RecordComponent component) {
        return Collection.class.isAssignableFrom(component.getType()) ? "[]" : "";
    }

    private static String dashed(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}

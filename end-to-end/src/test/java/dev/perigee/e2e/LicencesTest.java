package dev.perigee.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.perigee.testing.GeneratedDocument;
import dev.perigee.web.WireJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What the services bring along may be brought along. {@code -Ddocs.write=true} brings the list up to date. */
class LicencesTest {

    private static final String COMMAND = "./mvnw -pl end-to-end -am package -Dtest=LicencesTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Ddocs.write=true";

    private static final List<String> MODULES = List.of("home-service", "edge-service");
    private static final Path DOCUMENT = Path.of("../docs/licences.md");

    /** SPDX. Of several that a component offers one is enough. */
    private static final Set<String> ALLOWED = Set.of(
            "0BSD", "Apache-2.0", "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "EPL-2.0", "PostgreSQL");

    /** Those whose own POM does not say, or not in SPDX; we have looked. */
    private static final Map<String, String> KNOWN = Map.of();

    @Test
    void everyLicenceIsKnownAndAllowed() throws IOException {
        assumeTrue(
                MODULES.stream().map(LicencesTest::bom).allMatch(Files::exists),
                "the CycloneDX documents are missing: Maven makes them only without -o");
        Map<String, String> all = licences();
        assertThat(all).hasSizeGreaterThan(50);
        assertThat(all)
                .allSatisfy((component, licences) -> assertThat(Arrays.asList(licences.split(" or ")))
                        .as("%s: %s", component, licences)
                        .anyMatch(ALLOWED::contains));
        GeneratedDocument.check(DOCUMENT, document(all), "the jars hold", COMMAND);
    }

    private static Path bom(String module) {
        return Path.of("..", module, "target/classes/META-INF/sbom/application.cdx.json");
    }

    private static Map<String, String> licences() {
        Map<String, String> all = new TreeMap<>();
        for (String module : MODULES) {
            for (JsonNode component : WireJson.mapper().readTree(bom(module)).get("components")) {
                String name = component.path("group").asString("") + ":"
                        + component.get("name").stringValue();
                if (!name.startsWith("dev.perigee:")) {
                    all.put(name, KNOWN.getOrDefault(name, licences(component)));
                }
            }
        }
        return all;
    }

    private static String licences(JsonNode component) {
        List<String> names = new ArrayList<>();
        for (JsonNode licence : component.path("licenses")) {
            JsonNode one = licence.path("license");
            names.add(one.path("id")
                    .asString(
                            one.path("name").asString(licence.path("expression").asString("?"))));
        }
        return names.isEmpty() ? "?" : String.join(" or ", names);
    }

    private static String document(Map<String, String> all) {
        StringBuilder text = new StringBuilder("""
                # Licences

                Perigee is licensed under Apache-2.0. This is what its two services bring along in their jars, and under which
                licence; of several, the first that is allowed holds. The jars hold the same as a CycloneDX document, with versions and
                checksums, which `GET /actuator/sbom/application` shows to a token of role ADMIN. The build fails at a licence that is
                not allowed, or not known (`LicencesTest`, which also writes this page). The programs of the embedded PostgreSQL, in home's
                jar, are under the PostgreSQL licence.

                Maven makes the CycloneDX document only when it may ask its repositories, that is without `-o`; with it, a jar holds that of
                the last build, or none, and the test is skipped.

                | component | licence |
                |---|---|
                """);
        all.forEach((component, licences) -> text.append("| ")
                .append(component)
                .append(" | ")
                .append(licences)
                .append(" |\n"));
        return text.toString();
    }
}

package dev.perigee.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelTest {

    private static EdgeConfig edge(String homeUrl, String token) {
        return new EdgeConfig(
                EdgeConfig.Role.EDGE, homeUrl == null ? null : List.of(URI.create(homeUrl)), token, null, null, null);
    }

    @Test
    void configurationHasDefaults() {
        EdgeConfig config = new EdgeConfig(EdgeConfig.Role.HOME, null, null, null, null, null);
        assertThat(config.defaultTtl()).isEqualTo(Duration.ofSeconds(60));
        assertThat(config.maxEntries()).isEqualTo(10_000);
        assertThat(config.maxEdges()).isEqualTo(32);
    }

    @Test
    void configurationIsValidated() {
        assertThatIllegalArgumentException().isThrownBy(() -> new EdgeConfig(null, null, null, null, null, null));
        assertThatIllegalArgumentException().isThrownBy(() -> edge(null, "t")).withMessageContaining("home_urls");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> edge("http://h", " "))
                .withMessageContaining("auth_token");
        assertThatIllegalArgumentException().isThrownBy(() -> edge("ftp://h", "t"));
        assertThatIllegalArgumentException().isThrownBy(() -> edge("/relative", "t"));
        for (Duration ttl : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofDays(31))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new EdgeConfig(EdgeConfig.Role.HOME, null, null, ttl, null, null))
                    .withMessageContaining("default_ttl");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EdgeConfig(EdgeConfig.Role.HOME, null, null, null, 0, null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EdgeConfig(EdgeConfig.Role.HOME, null, null, null, null, 0));
    }

    @Test
    void theTokenIsNeverPrinted() {
        assertThat(edge("https://home:8080", "s3cret").toString())
                .doesNotContain("s3cret")
                .contains("***");
    }

    @Test
    void positionsReadWhatTheyWrite() {
        for (String text : List.of("7318.1.99:0", "a:9223372036854775807", "A.b.C:42")) {
            assertThat(StreamPosition.parse(text).toString()).isEqualTo(text);
        }
        assertThat(StreamPosition.parse("e:007")).isEqualTo(new StreamPosition("e", 7));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "e",
                "e:",
                ":1",
                "e:-1",
                "e:+1",
                "e:1 ",
                " e:1",
                "e:1:2",
                "e-f:1",
                "e:9223372036854775808",
                "e:99999999999999999999",
                "e:0x1",
                "é:1",
                "e:１"
            })
    void positionsRefuseEverythingElse(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> StreamPosition.parse(text));
    }

    @Test
    void positionsAreNotEndless() {
        assertThatIllegalArgumentException().isThrownBy(() -> StreamPosition.parse("e".repeat(81) + ":1"));
        assertThatIllegalArgumentException().isThrownBy(() -> StreamPosition.parse("e:" + "0".repeat(200)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-a",
                ".a",
                "a b",
                "a/b",
                "ä",
                "a\n",
                "register",
                "subscribe",
                "invalidate",
                "prune",
                "eligible",
                "tunnel"
            })
    void someNamesAreNoEdgeIds(String id) {
        assertThatIllegalArgumentException().isThrownBy(() -> new EdgeRegistration(id, "here", "http://a"));
    }

    @Test
    void registrationsAreValidated() {
        assertThat(new EdgeRegistration("a".repeat(64), "eu-west 1", "https://a.example:1/x").edgeId())
                .hasSize(64);
        assertThatIllegalArgumentException().isThrownBy(() -> new EdgeRegistration("a".repeat(65), "here", "http://a"));
        assertThatIllegalArgumentException().isThrownBy(() -> new EdgeRegistration(null, "here", "http://a"));
        for (String region : Arrays.asList(null, "", " ", "a\r\nb", "x".repeat(65))) {
            assertThatIllegalArgumentException().isThrownBy(() -> new EdgeRegistration("a", region, "http://a"));
        }
        for (String url :
                Arrays.asList(null, "", "a", "ftp://a", "http://", "http://a b", "http://" + "a".repeat(255))) {
            assertThatIllegalArgumentException().isThrownBy(() -> new EdgeRegistration("a", "here", url));
        }
    }

    @Test
    void anInterestIsSomePatternsOrEverything() {
        Interest some = Interest.in(List.of("public.users", "sales.*", "*.log_*_old"));
        for (String table : List.of("public.users", "sales.a", "sales.\"A b\"", "x.log__old", "x.log_1_2_old")) {
            assertThat(some.covers(table)).as(table).isTrue();
        }
        for (String table : List.of("public.users2", "public.user", "xsales.a", "x.log_old", "x.log_a_old2", "")) {
            assertThat(some.covers(table)).as(table).isFalse();
        }
        List<String> all = List.of("sales.a", "sales.b");
        assertThat(some.of(all)).isSameAs(all);
        assertThat(some.of(List.of("sales.a", "public.x"))).containsExactly("sales.a");
        assertThat(Interest.in(null)).isSameAs(Interest.EVERYTHING);
        assertThat(Interest.EVERYTHING.covers("any.thing")).isTrue();
        assertThat(Interest.EVERYTHING.of(all)).isSameAs(all);
        assertThat(Interest.in(List.of("*.*")).covers("a.b")).isTrue();
    }

    @Test
    void interestsAreValidated() {
        for (String pattern : Arrays.asList(null, "", "users", ".users", "a.\u0000", "a.\n", "a." + "b".repeat(255))) {
            assertThatIllegalArgumentException()
                    .as("%s", pattern)
                    .isThrownBy(() -> Interest.in(Collections.singletonList(pattern)));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> Interest.in(List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> Interest.in(Collections.nCopies(1001, "a.b")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EdgeRegistration("a", "here", "http://a", List.of("a")));
    }

    @Test
    void capacitiesAreValidated() {
        assertThat(new Capacity(0.5, 1, 0, "eu-west").ramMib()).isEqualTo(1);
        assertThat(new Capacity(1024.0, 1 << 20, 1 << 30, null)).isNotEqualTo(Capacity.UNSPECIFIED);
        for (Double cores : List.of(0.0, -1.0, 1025.0, Double.NaN, Double.POSITIVE_INFINITY)) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Capacity(cores, null, null, null));
        }
        for (Integer ram : List.of(0, -1, (1 << 20) + 1)) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Capacity(null, ram, null, null));
        }
        for (Integer disk : List.of(-1, (1 << 30) + 1)) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Capacity(null, null, disk, null));
        }
        for (String geo : List.of("", " ", "a\u0000", "a\nb", "\u202e", "x".repeat(65))) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Capacity(null, null, null, geo));
        }
    }

    @Test
    void tableNamesAreQuotedOnlyWhereTheyMustBe() {
        assertThat(TableName.qualified("public", "users")).isEqualTo("public.users");
        assertThat(TableName.qualified("public", "Users")).isEqualTo("public.\"Users\"");
        assertThat(TableName.qualified("a.b", "c\"d")).isEqualTo("\"a.b\".\"c\"\"d\"");
        assertThat(TableName.qualified("_s$1", "1st")).isEqualTo("_s$1.\"1st\"");
    }

    @Test
    void problemCodesAreStableAndFitTheirStatus() {
        assertThat(ProblemCode.CAPACITY_EXCEEDED.code()).isEqualTo("capacity-exceeded");
        assertThat(Arrays.stream(ProblemCode.values()).map(ProblemCode::title).collect(Collectors.toSet()))
                .hasSize(ProblemCode.values().length);
        assertThat(ProblemCode.values()).allMatch(code -> code.status() >= 400 && code.status() < 600);
    }

    @Test
    void aStatementToAskAboutIsValidated() {
        List<String> path = List.of("pg_catalog", "public");
        assertThat(new StatementRequest("select 1", "app", path).schemas()).isEqualTo(path);
        assertThatIllegalArgumentException().isThrownBy(() -> new StatementRequest(" ", "app", path));
        assertThatIllegalArgumentException().isThrownBy(() -> new StatementRequest("select '\0'", "app", path));
        assertThatIllegalArgumentException().isThrownBy(() -> new StatementRequest("select 1", null, path));
        for (List<String> schemas : Arrays.asList(
                null,
                List.<String>of(),
                List.of(""),
                Collections.<String>singletonList(null),
                List.of("pg_temp_3", "pg_catalog"),
                List.of("a\0"),
                Collections.nCopies(101, "a"))) {
            assertThatIllegalArgumentException().isThrownBy(() -> new StatementRequest("select 1", "app", schemas));
        }
    }

    @Test
    void whatIsCacheableIsSoAsOfAVersion() {
        assertThat(new StatementAnswer("gate-closed", null, null, null).tables())
                .isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new StatementAnswer("cacheable", List.of("public.a"), null, null));
    }

    @Test
    void aManualInvalidationSaysWhatItMeans() {
        assertThat(new InvalidationRequest(List.of("a"), null).tables()).containsExactly("a");
        assertThat(new InvalidationRequest(null, true).all()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> new InvalidationRequest(null, null));
        assertThatIllegalArgumentException().isThrownBy(() -> new InvalidationRequest(List.of(), null));
        assertThatIllegalArgumentException().isThrownBy(() -> new InvalidationRequest(List.of("a"), true));
    }
}

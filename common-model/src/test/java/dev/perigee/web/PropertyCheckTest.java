package dev.perigee.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ByteArrayResource;

class PropertyCheckTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "perigee.home-url",
                "perigee.homeUrl",
                "perigee.home_url",
                "PERIGEE.HOMEURL",
                "perigee.max-edges",
                "perigee.home.ttl.tables[public.users]",
                "perigee.home.ttl.tables.users",
                "perigee.edge.interest",
                "perigee.edge.interest[3]",
                "perigee.security.tokens[0].edge-id",
                "perigee.security.tokens[12].roles",
                "perigee.security.tokens[0].roles[1]",
                "perigeean.tides",
                "spring.perigee.x",
            })
    void whatExistsIsAccepted(String name) {
        assertThatCode(() -> check(property(name))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "perigee.edge.max-stalness, perigee.edge.max-staleness",
        "perigee.max-staleness, perigee.edge.max-staleness",
        "perigee.home.query.maxRow, perigee.home.query.max-rows",
        "perigee.home.url, perigee.home-url",
        "perigee.security.tokens[0].rolls, perigee.security.tokens[].roles[]",
        "perigee.edge.interest.first, perigee.edge.interest[]",
        "perigee.edge.interest[a], perigee.edge.interest[]",
        "perigee.home.ttl.tables, perigee.home.ttl.tables.*",
        "perigee.tokens.colour.of.the.sky, ",
    })
    void whatDoesNotExistIsNamedWithTheNearestThatDoes(String name, String nearest) {
        assertThatThrownBy(() -> check(property(name)))
                .isInstanceOf(UnknownProperties.class)
                .hasMessageContaining(
                        name + " (arguments)" + (nearest == null ? "" : "; did you mean " + nearest + "?"))
                .extracting(Throwable::getMessage)
                .satisfies(message -> assertThat(nearest != null || !message.contains("did you mean"))
                        .isTrue());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PERIGEE_HOMEURL",
                "PERIGEE_HOME_URL",
                "PERIGEE_EDGE_PGWIRE_TLSSERVERNAME",
                "PERIGEE_EDGE_PGWIRE_TLS_SERVER_NAME",
                "PERIGEE_EDGE_INTEREST",
                "PERIGEE_EDGE_INTEREST_0",
                "PERIGEE_SECURITY_TOKENS_0_EDGEID",
                "PERIGEE_SECURITY_TOKENS_10_ROLES_1",
                "PERIGEE_HOME_TTL_TABLES_USERS",
                "perigee.edge.id",
                "PERIGEEAN_TIDES",
                // What Kubernetes says of a Service that is called perigee-home, or perigee.
                "PERIGEE_HOME_SERVICE_HOST",
                "PERIGEE_HOME_SERVICE_PORT",
                "PERIGEE_HOME_SERVICE_PORT_HTTP",
                "PERIGEE_HOME_PORT_8080_TCP",
                "PERIGEE_HOME_PORT_8080_TCP_ADDR",
                "PERIGEE_SERVICE_HOST",
            })
    void soAreVariables(String name) {
        assertThatCode(() -> check(variables(Map.of(name, "1")))).doesNotThrowAnyException();
    }

    @Test
    void anAddressFromKubernetesIsNoProperty() {
        assertThatCode(() -> check(variables(Map.of("PERIGEE_HOME_PORT", "tcp://10.0.0.1:8080"))))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> check(variables(Map.of("PERIGEE_HOME_PORT", "8080"))))
                .isInstanceOf(UnknownProperties.class);
    }

    @ParameterizedTest
    @CsvSource({
        "PERIGEE_EDGEID, PERIGEE_EDGE_ID",
        "PERIGEE_HOMEURLS, PERIGEE_HOMEURL",
        "PERIGEE_H_OMEURL, PERIGEE_HOMEURL",
        "PERIGEE_SECURITY_TOKENS_0_ROLE, PERIGEE_SECURITY_TOKENS_0_ROLES_0",
    })
    void variablesThatNobodyReadsAreNamed(String name, String nearest) {
        assertThatThrownBy(() -> check(variables(Map.of(name, "secret"))))
                .isInstanceOf(UnknownProperties.class)
                .hasMessageContaining(name)
                .hasMessageContaining("systemEnvironment")
                .hasMessageContaining("did you mean " + nearest)
                .hasMessageNotContaining("secret");
    }

    @Test
    void aFileIsNamedWithItsLine() throws Exception {
        PropertySource<?> file = new YamlPropertySourceLoader()
                .load(
                        "file",
                        new ByteArrayResource(
                                "perigee:\n  edge:\n    ide: x\n  hom: y\n".getBytes(StandardCharsets.UTF_8), "a.yml"))
                .get(0);
        assertThatThrownBy(() -> check(file))
                .hasMessageContaining(
                        "perigee.edge.ide (Byte array resource [a.yml] - 3:10); did you mean perigee.edge.id?")
                .hasMessageContaining("perigee.hom (Byte array resource [a.yml] - 4:8)");
    }

    /** Both spellings that are let in are read. */
    @Test
    void springReadsBothSpellings() {
        StandardEnvironment environment = environment(variables(Map.of(
                "PERIGEE_HOME_URL", "http://h",
                "PERIGEE_SECURITY_TOKENS_0_NAME", "n",
                "PERIGEE_SECURITY_TOKENS_0_VALUE", "v",
                "PERIGEE_SECURITY_TOKENS_0_ROLES_0", "EDGE",
                "PERIGEE_SECURITY_TOKENS_0_EDGE_ID", "e")));
        Binder binder = Binder.get(environment);
        assertThat(binder.bind("perigee.home-url", String.class).get()).isEqualTo("http://h");
        assertThat(binder.bind("perigee.security", Bindable.of(TokenProperties.class))
                        .get()
                        .tokens())
                .singleElement()
                .satisfies(token -> assertThat(token.edgeId()).isEqualTo("e"));
    }

    private static PropertySource<?> property(String name) {
        return new MapPropertySource("arguments", Map.of(name, "1"));
    }

    private static PropertySource<?> variables(Map<String, Object> variables) {
        return new SystemEnvironmentPropertySource("systemEnvironment", variables);
    }

    private static StandardEnvironment environment(PropertySource<?> source) {
        StandardEnvironment environment = new StandardEnvironment();
        List.of("systemEnvironment", "systemProperties").forEach(environment.getPropertySources()::remove);
        environment.getPropertySources().addFirst(source);
        ConfigurationPropertySources.attach(environment);
        return environment;
    }

    private static void check(PropertySource<?> source) {
        try (GenericApplicationContext context = new GenericApplicationContext()) {
            context.setEnvironment(environment(source));
            new PropertyCheck().initialize(context);
        }
    }
}

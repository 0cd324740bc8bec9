package dev.perigee.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.perigee.edge.EdgeApplication;
import dev.perigee.home.HomeApplication;
import dev.perigee.model.QueryRequest;
import dev.perigee.model.StreamEvent;
import dev.perigee.model.TransactionRequest;
import dev.perigee.testing.GeneratedDocument;
import dev.perigee.web.Role;
import dev.perigee.web.WireJson;
import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.core.util.Json31;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springdoc.webflux.api.OpenApiWebfluxResource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.node.ObjectNode;

/** The checked-in descriptions are those of the running services. {@code -Ddocs.write=true} brings them up to date. */
class OpenApiTest {

    private static final String COMMAND = "./mvnw -pl openapi -am package -Dtest=OpenApiTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Ddocs.write=true";

    private static final Path ROOT = Path.of("..");
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @Test
    void home() throws Exception {
        List<String> arguments = new ArrayList<>(common("home-service"));
        arguments.add("--perigee.home.database.ephemeral=true");
        describe(
                HomeApplication.class,
                arguments,
                "home",
                "Perigee home",
                "Runs SQL beside the primary database and tells the edges what has changed.",
                HomeWords.all());
    }

    @Test
    void edge() throws Exception {
        List<String> arguments = new ArrayList<>(common("edge-service"));
        arguments.addAll(List.of(
                "--perigee.home-url=http://127.0.0.1:1",
                "--perigee.auth-token=nobody-knows-it",
                "--perigee.edge.pgwire.enabled=false",
                // Of the dependencies of home, which is beside it here.
                "--spring.autoconfigure.exclude=org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration"));
        describe(
                EdgeApplication.class,
                arguments,
                "edge",
                "Perigee edge",
                "Answers reads from memory, and sends everything else to home.",
                EdgeWords.all());
    }

    private static List<String> common(String module) {
        List<String> arguments = new ArrayList<>(List.of(
                "--server.port=0",
                "--spring.main.banner-mode=off",
                "--springdoc.api-docs.version=openapi_3_1",
                // Two of them are on the class path.
                "--spring.config.location=file:" + ROOT.resolve(module).resolve("src/main/resources/application.yml")));
        List<Role> roles = List.of(Role.values());
        for (int i = 0; i < roles.size(); i++) {
            Role role = roles.get(i);
            String prefix = "--perigee.security.tokens[" + i + "].";
            arguments.addAll(
                    List.of(prefix + "name=" + role, prefix + "value=" + token(role), prefix + "roles=" + role));
        }
        return arguments;
    }

    private static String token(Role role) {
        return "token-of-role-" + role;
    }

    private static void describe(
            Class<?> application,
            List<String> arguments,
            String service,
            String title,
            String text,
            Map<String, Words> words)
            throws Exception {
        try (ConfigurableApplicationContext running =
                new SpringApplicationBuilder(application).run(arguments.toArray(String[]::new))) {
            ObjectNode seen = (ObjectNode) WireJson.mapper()
                    .readTree(running.getBean(OpenApiWebfluxResource.class)
                            .openapiJson(MockServerHttpRequest.get("/").build(), "/", Locale.ROOT)
                            .block());
            Sources sources = new Sources(
                    ROOT.resolve("common-model/src/main/java"), ROOT.resolve(service + "-service/src/main/java"));
            ObjectNode description = Description.of(
                    seen,
                    schemas(),
                    title,
                    text
                            + " Every error is `application/problem+json` (RFC 9457) with a stable `code`. Health, metrics and the"
                            + " rest of Spring Boot's actuator are below `/actuator`.",
                    words,
                    sources);
            checkRoles(description, Integer.parseInt(running.getEnvironment().getProperty("local.server.port")));
            compare(service, description);
        }
    }

    /** Of what springdoc cannot see: bodies that are read by hand, events of streams. */
    private static ObjectNode schemas() throws Exception {
        ObjectNode all = WireJson.mapper().createObjectNode();
        List<Class<?>> types = Stream.concat(
                        Stream.of(QueryRequest.class, TransactionRequest.class),
                        Arrays.stream(StreamEvent.class.getPermittedSubclasses()))
                .toList();
        for (Class<?> type : types) {
            String json = Json31.mapper()
                    .writeValueAsString(ModelConverters.getInstance(true).readAll(new AnnotatedType(type)));
            all.setAll((ObjectNode) WireJson.mapper().readTree(json));
        }
        ObjectNode event =
                all.putObject("StreamEvent").put("description", "The data of one event; `event` says which.");
        Arrays.stream(StreamEvent.class.getPermittedSubclasses())
                .forEach(type -> event.withArray("/anyOf")
                        .addObject()
                        .put("$ref", "#/components/schemas/" + type.getSimpleName()));
        all.putObject("ConsoleEvent")
                .put("type", "object")
                .put("description", "The data of one event; docs/console.md says what is shown of it.");
        return all;
    }

    /** Asks for everything with every role and an empty body: 403 is for those, and only those, who are not named. */
    private static void checkRoles(ObjectNode description, int port) throws Exception {
        for (Map.Entry<String, JsonNode> path : description.get("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                String named = method.getValue().get("security").toString();
                URI uri = URI.create("http://127.0.0.1:" + port + path.getKey().replace("{id}", "nobody"));
                for (Role role : Role.values()) {
                    HttpRequest request = HttpRequest.newBuilder(uri)
                            .header("Authorization", "Bearer " + token(role))
                            .method(method.getKey().toUpperCase(Locale.ROOT), HttpRequest.BodyPublishers.noBody())
                            .build();
                    // Of a stream the head is all there is to wait for.
                    HttpResponse<InputStream> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream());
                    answer.body().close();
                    int status = answer.statusCode();
                    assertThat(status != 403)
                            .as("%s %s as %s: %d", method.getKey(), path.getKey(), role, status)
                            .isEqualTo(named.contains('"' + role.name() + '"'));
                    assertThat(status).isNotEqualTo(401);
                }
            }
        }
    }

    private static void compare(String service, ObjectNode description) throws Exception {
        Path file = ROOT.resolve("docs/openapi-" + service + ".json");
        String text = WireJson.mapper()
                        .rebuild()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .build()
                        .writeValueAsString(description)
                + "\n";
        GeneratedDocument.check(file, text, "the service does", COMMAND);
    }
}

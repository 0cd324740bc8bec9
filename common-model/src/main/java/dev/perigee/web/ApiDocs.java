package dev.perigee.web;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.security.config.web.server.ServerHttpSecurity.AuthorizeExchangeSpec;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The description of the service, packaged with it, and Swagger UI to read it with. The description is
 * for those who have a token; the UI's files are everybody's, and show nothing without it.
 */
@Configuration(proxyBeanMethods = false)
class ApiDocs {

    private static final String DOCUMENT = "/v3/api-docs";
    private static final String UI = "/swagger-ui";

    /** A service packages one of them. */
    private static final List<String> DOCUMENTS = List.of("openapi-home.json", "openapi-edge.json");

    private static final Duration KEPT = Duration.ofHours(1);

    /** Its own files, and the pictures within its stylesheet. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self';"
            + " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final Map<String, MediaType> OURS = Map.of(
            "index.html", MediaType.TEXT_HTML,
            "sign-in.js", MediaType.valueOf("text/javascript"),
            "sign-in.css", MediaType.valueOf("text/css"));

    private static final Map<String, MediaType> SWAGGER = Map.of(
            "swagger-ui-bundle.js", MediaType.valueOf("text/javascript"),
            "swagger-ui.css", MediaType.valueOf("text/css"));

    /** Who may read them. */
    static void rules(AuthorizeExchangeSpec exchanges) {
        exchanges
                .pathMatchers(HttpMethod.GET, UI, UI + "/**")
                .permitAll()
                .pathMatchers(DOCUMENT)
                .hasAnyRole(Role.ADMIN.name(), Role.CLIENT.name());
    }

    @Bean
    RouterFunction<ServerResponse> apiDocs() {
        Resource document = DOCUMENTS.stream()
                .map(ClassPathResource::new)
                .filter(Resource::exists)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("none of " + DOCUMENTS + " is packaged"));
        RouterFunctions.Builder routes = RouterFunctions.route()
                .GET(DOCUMENT, file(() -> document, MediaType.APPLICATION_JSON, CacheControl.noStore()))
                .GET(
                        UI,
                        request -> ServerResponse.temporaryRedirect(URI.create("swagger-ui/index.html"))
                                .build());
        OURS.forEach((name, type) -> routes.GET(
                UI + "/" + name,
                file(() -> new ClassPathResource("swagger-ui/" + name, ApiDocs.class), type, CacheControl.noCache())));
        SWAGGER.forEach(
                (name, type) -> routes.GET(UI + "/" + name, file(() -> webJar(name), type, CacheControl.maxAge(KEPT))));
        return routes.build();
    }

    /** Read each time, off the event loops: who develops against the service reads it, and nobody else. */
    private static HandlerFunction<ServerResponse> file(Callable<Resource> file, MediaType type, CacheControl cache) {
        return request -> Mono.fromCallable(() -> file.call().getContentAsByteArray())
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(content -> ServerResponse.ok()
                        .contentType(type)
                        .header("Content-Security-Policy", POLICY)
                        .cacheControl(cache)
                        .bodyValue(content));
    }

    /** Where the WebJar says that it is: the path holds its version. */
    private static Resource webJar(String name) throws IOException {
        Properties described = PropertiesLoaderUtils.loadProperties(
                new ClassPathResource("META-INF/maven/org.webjars/swagger-ui/pom.properties"));
        return new ClassPathResource(
                "META-INF/resources/webjars/swagger-ui/" + described.getProperty("version") + "/" + name);
    }
}

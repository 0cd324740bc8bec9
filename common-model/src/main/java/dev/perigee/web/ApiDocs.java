package dev.perigee.web;

import java.net.URI;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.web.server.ServerHttpSecurity.AuthorizeExchangeSpec;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

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

    private static final List<String> OURS = List.of("index.html", "sign-in.js", "sign-in.css");
    private static final List<String> SWAGGER = List.of("swagger-ui-bundle.js", "swagger-ui.css");

    /** Who may read them. */
    static void rules(AuthorizeExchangeSpec exchanges) {
        exchanges
                .pathMatchers(HttpMethod.GET, UI, UI + "/**")
                .permitAll()
                .pathMatchers(HttpMethod.HEAD, UI + "/**")
                .permitAll()
                .pathMatchers(DOCUMENT)
                .hasAnyRole(Role.ADMIN.name(), Role.CLIENT.name());
    }

    @Bean
    RouterFunction<ServerResponse> apiDocs() {
        String document = DOCUMENTS.stream()
                .filter(name -> new ClassPathResource(name).exists())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("none of " + DOCUMENTS + " is packaged"));
        // The pictures are within its stylesheet.
        PackagedFiles ui = new PackagedFiles("data:");
        OURS.forEach(name -> ui.add(new ClassPathResource("swagger-ui/" + name, ApiDocs.class)));
        SWAGGER.forEach(name -> ui.addWebJar("org.webjars", "swagger-ui", name));
        RouterFunctions.Builder routes = RouterFunctions.route()
                .GET(
                        UI,
                        request -> ServerResponse.temporaryRedirect(URI.create("swagger-ui/index.html"))
                                .build());
        ui.route(routes, UI);
        new PackagedFiles("").add(new ClassPathResource(document)).route(routes, DOCUMENT, document);
        return routes.build();
    }
}

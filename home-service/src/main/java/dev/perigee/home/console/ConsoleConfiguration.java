package dev.perigee.home.console;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.RequestPredicate;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** Serves the console at {@code /}. */
@Configuration(proxyBeanMethods = false)
class ConsoleConfiguration {

    @Bean
    RouterFunction<ServerResponse> console() {
        ConsoleFiles files = new ConsoleFiles();
        RouterFunctions.Builder routes =
                RouterFunctions.route().route(reading("/"), request -> files.serve("index.html", request));
        files.names().forEach(name -> routes.route(reading("/console/" + name), request -> files.serve(name, request)));
        return routes.build();
    }

    private static RequestPredicate reading(String path) {
        return RequestPredicates.methods(HttpMethod.GET, HttpMethod.HEAD).and(RequestPredicates.path(path));
    }
}

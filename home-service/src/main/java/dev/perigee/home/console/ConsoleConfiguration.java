package dev.perigee.home.console;

import dev.perigee.web.PackagedFiles;
import java.io.IOException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** Serves the console at {@code /}. */
@Configuration(proxyBeanMethods = false)
class ConsoleConfiguration {

    @Bean
    RouterFunction<ServerResponse> console() throws IOException {
        PackagedFiles files = new PackagedFiles("")
                .addWebJar("org.webjars.npm", "uplot", "dist/uPlot.iife.min.js")
                .addWebJar("org.webjars.npm", "uplot", "dist/uPlot.min.css");
        for (Resource file : new PathMatchingResourcePatternResolver().getResources("classpath:/console/*")) {
            files.add(file);
        }
        RouterFunctions.Builder routes = RouterFunctions.route();
        files.route(routes, "/", "index.html");
        files.route(routes, "/console");
        return routes.build();
    }
}

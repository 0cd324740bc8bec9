package dev.perigee.home.tunnel;

import dev.perigee.home.database.DatabaseProperties;
import dev.perigee.home.database.PrimaryAddress;
import dev.perigee.web.WebConfiguration;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcInitializationAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.boot.security.autoconfigure.ReactiveUserDetailsServiceAutoConfiguration;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.http.client.ReactorResourceFactory;

/** Of a home, the tunnels, with the web and its security. No configuration by annotation, so that no other test finds it. */
@EnableAutoConfiguration(
        exclude = {
            R2dbcAutoConfiguration.class,
            R2dbcInitializationAutoConfiguration.class,
            R2dbcTransactionManagerAutoConfiguration.class,
            ReactiveUserDetailsServiceAutoConfiguration.class
        })
@ComponentScan({"dev.perigee.home.tunnel", "dev.perigee.home.security"})
@ConfigurationPropertiesScan("dev.perigee.home.tunnel")
@EnableConfigurationProperties(DatabaseProperties.class)
@Import(WebConfiguration.class)
class TunnelApplication {

    /** Its own: of the ones that are shared by default, the first home that ends would deprive all others. */
    @Bean
    static ReactorResourceFactory reactorResources() {
        ReactorResourceFactory resources = new ReactorResourceFactory();
        resources.setUseGlobalResources(false);
        resources.setShutdownQuietPeriod(Duration.ZERO);
        return resources;
    }

    static ReactiveWebServerApplicationContext start(ConnectionFactoryOptions database, String... properties) {
        List<String> all = new ArrayList<>(List.of(
                "--server.port=0",
                "--perigee.security.tokens[0].name=edge",
                "--perigee.security.tokens[0].value=edge-token",
                "--perigee.security.tokens[0].roles=EDGE",
                "--perigee.security.tokens[1].name=other",
                "--perigee.security.tokens[1].value=other-token",
                "--perigee.security.tokens[1].roles=EDGE",
                "--perigee.security.tokens[2].name=client",
                "--perigee.security.tokens[2].value=client-token",
                "--perigee.security.tokens[2].roles=CLIENT"));
        for (String property : properties) {
            all.add("--" + property);
        }
        ApplicationContextInitializer<GenericApplicationContext> address = context ->
                context.registerBean(PrimaryAddress.class, () -> new PrimaryAddress(database, Duration.ofSeconds(5)));
        return (ReactiveWebServerApplicationContext) new SpringApplicationBuilder(TunnelApplication.class)
                .initializers(address)
                .run(all.toArray(new String[0]));
    }
}

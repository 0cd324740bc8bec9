package dev.perigee.home.edges;

import dev.perigee.home.HomeApplication;
import dev.perigee.web.WebConfiguration;
import java.time.Duration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.security.autoconfigure.ReactiveUserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.FilterType;
import org.springframework.context.annotation.Import;
import org.springframework.http.client.ReactorResourceFactory;

/**
 * {@link HomeApplication} without the configurations of tests that lie in the same packages. Not annotated as a
 * configuration, so that it is none of those itself.
 */
@EnableAutoConfiguration(exclude = ReactiveUserDetailsServiceAutoConfiguration.class)
@ComponentScan(
        basePackages = "dev.perigee.home",
        excludeFilters =
                @Filter(
                        type = FilterType.ASSIGNABLE_TYPE,
                        classes = {HomeApplication.class, HttpTestApplication.class}))
@ConfigurationPropertiesScan("dev.perigee.home")
@Import(WebConfiguration.class)
class WholeHome {

    /** Its own: of the ones that are shared by default, the first home that ends would deprive all others. */
    @Bean
    static ReactorResourceFactory reactorResources() {
        ReactorResourceFactory resources = new ReactorResourceFactory();
        resources.setUseGlobalResources(false);
        resources.setShutdownQuietPeriod(Duration.ZERO);
        return resources;
    }
}

package dev.perigee.home;

import dev.perigee.web.EventLoopCount;
import dev.perigee.web.WebConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.security.autoconfigure.ReactiveUserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Import;
import reactor.core.publisher.Hooks;

/** Starts a home. */
// Bearer tokens are all there is: no user, and no generated password for one.
@SpringBootApplication(proxyBeanMethods = false, exclude = ReactiveUserDetailsServiceAutoConfiguration.class)
@ConfigurationPropertiesScan
@Import(WebConfiguration.class)
public class HomeApplication {

    private static final Logger log = LoggerFactory.getLogger(HomeApplication.class);

    public static void main(String[] args) {
        EventLoopCount.fit();
        // The driver drops what a connection that breaks has to say when nobody is using it.
        Hooks.onErrorDropped(error -> log.warn("An error that nobody waits for any more: {}", error.toString()));
        SpringApplication.run(HomeApplication.class, args);
    }
}

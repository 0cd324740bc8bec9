package dev.perigee.edge;

import dev.perigee.web.EventLoopCount;
import dev.perigee.web.WebConfiguration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.security.autoconfigure.ReactiveUserDetailsServiceAutoConfiguration;
import org.springframework.context.annotation.Import;

/** Starts an edge. */
// Bearer tokens are all there is: no user, and no generated password for one.
@SpringBootApplication(proxyBeanMethods = false, exclude = ReactiveUserDetailsServiceAutoConfiguration.class)
@ConfigurationPropertiesScan
@Import(WebConfiguration.class)
public class EdgeApplication {

    public static void main(String[] args) {
        EventLoopCount.fit();
        SpringApplication.run(EdgeApplication.class, args);
    }
}

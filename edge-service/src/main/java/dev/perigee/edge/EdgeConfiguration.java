package dev.perigee.edge;

import dev.perigee.model.EdgeConfig;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Checks what the edge was told. */
@Configuration(proxyBeanMethods = false)
class EdgeConfiguration {

    @Bean
    EdgeConfig edgeConfig(EdgeProperties properties) {
        return properties.toConfig();
    }
}

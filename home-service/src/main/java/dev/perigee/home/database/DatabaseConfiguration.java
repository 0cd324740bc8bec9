package dev.perigee.home.database;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.r2dbc.OptionsCapableConnectionFactory;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class DatabaseConfiguration {

    /** When no database is configured, home brings its own. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(name = "spring.r2dbc.url", matchIfMissing = true, havingValue = "no url is like this")
    static class Embedded {

        @Bean
        EmbeddedDatabase embeddedDatabase(DatabaseProperties properties) {
            return EmbeddedDatabase.start(properties);
        }

        @Bean
        R2dbcConnectionDetails embeddedConnectionDetails(EmbeddedDatabase database) {
            return database::options;
        }
    }

    @Bean
    ConnectionFactoryOptionsBuilderCustomizer connectionSettings(DatabaseProperties properties) {
        return builder -> ServerConnections.settle(builder, properties.connectTimeout());
    }

    @Bean
    ServerConnections serverConnections(ConnectionFactory pool, DatabaseProperties properties) {
        return new ServerConnections(options(pool), properties.connectTimeout(), properties.adminTimeout());
    }

    @Bean
    PrimaryAddress primaryAddress(ConnectionFactory pool, DatabaseProperties properties) {
        return new PrimaryAddress(options(pool), properties.connectTimeout());
    }

    private static ConnectionFactoryOptions options(ConnectionFactory pool) {
        OptionsCapableConnectionFactory capable = OptionsCapableConnectionFactory.unwrapFrom(pool);
        if (capable == null) {
            throw new IllegalStateException("the connection factory does not know its options");
        }
        return capable.getOptions();
    }

    @Bean
    Publication publication(ServerConnections connections, DatabaseProperties properties) {
        return new Publication(connections, properties.publicationRefresh());
    }

    @Bean
    DdlTrigger ddlTrigger(ServerConnections connections) {
        return new DdlTrigger(connections);
    }

    @Bean
    DatabaseStartup databaseStartup(ServerConnections connections, DdlTrigger trigger, Publication publication) {
        return new DatabaseStartup(new Preflight(connections), new ControlPlane(connections), trigger, publication);
    }

    @Bean
    TableResolver tableResolver(ConnectionFactory pool, DatabaseProperties properties) {
        return new CatalogTableResolver(pool, properties.adminTimeout());
    }

    @Bean
    PublicationHealthIndicator publicationHealthIndicator(Publication publication, DdlTrigger trigger) {
        return new PublicationHealthIndicator(publication, trigger);
    }
}

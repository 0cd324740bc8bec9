package dev.perigee.edge.pgwire;

import dev.perigee.edge.link.HomeHttp;
import dev.perigee.edge.link.Homes;
import dev.perigee.edge.pgwire.PgWireProperties.HostAndPort;
import dev.perigee.edge.pgwire.StartupNegotiation.ServerSide;
import java.util.Objects;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts together how connections come in, and how they get to the database. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnBooleanProperty(name = "perigee.edge.pgwire.enabled", matchIfMissing = true)
class TransportConfiguration {

    @Bean
    EventLoops pgWireEventLoops() {
        return new EventLoops();
    }

    @Bean
    Upstream pgWireUpstream(
            PgWireProperties properties, EventLoops loops, SslBundles bundles, Homes homes, HomeHttp http) {
        Dialer dialer = new Dialer(loops, properties.connectTimeout());
        HostAndPort database = properties.database();
        String host = database == null ? "database" : database.host();
        DatabaseTls tls = new DatabaseTls(
                WireTls.toDatabase(bundles, properties.tlsBundle(), properties.tls()),
                Objects.requireNonNullElse(properties.tlsServerName(), host),
                properties.connectTimeout());
        return database == null
                ? new TunnelUpstream(homes, http, properties.tls(), tls, dialer)
                : new DirectUpstream(database, properties.tls(), tls, dialer);
    }

    @Bean
    CancelRegistry cancelRegistry(Upstream upstream, PgWireProperties properties) {
        return new CancelRegistry(upstream, new CancelSender(properties.connectTimeout()));
    }

    @Bean
    Connections pgWireConnections(PgWireProperties properties) {
        return new Connections(properties.maxConnections(), properties.startupTimeout());
    }

    @Bean
    PgWireServer pgWireServer(
            PgWireProperties properties,
            EventLoops loops,
            Connections connections,
            SessionFactory sessions,
            CancelRegistry cancels,
            SslBundles bundles) {
        String certificate = properties.serverTlsBundle();
        return new PgWireServer(
                properties,
                loops,
                new ServerSide(
                        connections,
                        sessions,
                        cancels,
                        certificate == null ? null : WireTls.toClients(bundles, certificate),
                        properties.requireTls()));
    }
}

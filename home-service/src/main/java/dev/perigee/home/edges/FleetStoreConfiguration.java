package dev.perigee.home.edges;

import dev.perigee.home.database.ControlConnections;
import dev.perigee.home.database.ReportBoard;
import dev.perigee.home.database.ServerConnections;
import dev.perigee.home.database.SqlReportBoard;
import dev.perigee.home.wal.HomeId;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What homes share, they share in the database. */
@Configuration(proxyBeanMethods = false)
class FleetStoreConfiguration {

    @Bean
    ControlConnections controlConnections(ServerConnections connections, RenewalProperties properties) {
        return new ControlConnections(connections, properties.timeout());
    }

    @Bean
    ReportBoard reportBoard(ControlConnections connections, HomeId home) {
        return new SqlReportBoard(connections, home.value());
    }

    @Bean
    FleetStore fleetStore(ControlConnections connections, HomeId home, SessionProperties sessions) {
        return new SqlFleetStore(connections, home, sessions.liveness());
    }

    @Bean
    EligibilityStore eligibilityStore(ControlConnections connections) {
        return new SqlEligibilityStore(connections);
    }
}

package dev.perigee.home.edges;

import dev.perigee.home.database.ReportBoard;
import dev.perigee.home.database.TableResolver;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.ControlChannel;
import dev.perigee.home.wal.Feed;
import dev.perigee.home.wal.HomeId;
import dev.perigee.home.wal.VisibilityGate;
import dev.perigee.model.InvalidationEvent;
import dev.perigee.web.WebConfiguration;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcInitializationAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcTransactionManagerAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.FilterType;
import org.springframework.context.annotation.Import;
import reactor.core.publisher.Mono;

/** Sessions, web and security as they are; instead of the database a log written by hand. */
@SpringBootConfiguration
@EnableAutoConfiguration(
        exclude = {
            R2dbcAutoConfiguration.class,
            R2dbcInitializationAutoConfiguration.class,
            R2dbcTransactionManagerAutoConfiguration.class
        })
@ComponentScan(
        basePackages = {"dev.perigee.home.edges", "dev.perigee.home.security"},
        excludeFilters = @Filter(type = FilterType.ASSIGNABLE_TYPE, classes = FleetStoreConfiguration.class))
@ConfigurationPropertiesScan("dev.perigee.home.edges")
@Import(WebConfiguration.class)
public class HttpTestApplication {

    static final String EPOCH = "7.1.1";

    /** Knows the tables a, b and c of the schema public. */
    @Bean
    TableResolver tables() {
        return name -> name.matches("(public\\.)?[abc]")
                ? Mono.just(name.startsWith("public.") ? name : "public." + name)
                : Mono.empty();
    }

    @Bean
    InvalidationLog invalidationLog() {
        return new InvalidationLog();
    }

    @Bean
    VisibilityGate visibilityGate() {
        return new VisibilityGate();
    }

    @Bean
    HomeId homeId() {
        return new HomeId("home-1");
    }

    @Bean
    HandFeed feed(InvalidationLog log) {
        return new HandFeed(log);
    }

    @Bean
    ControlChannel controlChannel() {
        return new ControlChannel();
    }

    @Bean
    ReportBoard reportBoard() {
        return ReportBoard.ALONE;
    }

    @Bean
    MemoryFleet memoryFleet(ControlChannel control) {
        return new MemoryFleet(control);
    }

    /** A feed that delivers what the test says. */
    static final class HandFeed implements Feed {

        private final InvalidationLog log;
        private long version = 1000;
        volatile Duration age = Duration.ofMillis(7);

        HandFeed(InvalidationLog log) {
            this.log = log;
        }

        synchronized void begin() {
            log.begin(EPOCH, version + 1, Instant.EPOCH);
        }

        synchronized long commit(String... tables) {
            version += 10;
            log.append(new InvalidationEvent(version, List.of(tables), Instant.now()), version + 5);
            version += 5;
            return version - 5;
        }

        @Override
        public boolean connected() {
            return true;
        }

        @Override
        public Duration heartbeat() {
            return Duration.ofMillis(400);
        }

        @Override
        public Duration age() {
            return age;
        }

        @Override
        public Instant asOf() {
            return Instant.EPOCH;
        }

        @Override
        public Mono<Long> invalidate(List<String> tables) {
            return Mono.fromSupplier(() -> commit(tables.toArray(new String[0])));
        }
    }
}

package dev.perigee.home.wal;

import dev.perigee.home.database.Publication;
import dev.perigee.home.database.ServerConnections;
import dev.perigee.home.database.StartupFailure;
import dev.perigee.home.log.InvalidationLog;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;
import reactor.core.publisher.Sinks;

@Configuration(proxyBeanMethods = false)
class WalConfiguration {

    private static final int HOST_LENGTH = 48;

    @Bean
    HomeId homeId(HomeProperties properties, SlotProperties slot) {
        String configured = properties.id();
        if (slot.durable() && (configured == null || configured.isEmpty())) {
            throw new StartupFailure(List.of(
                    "perigee.home.slot.durable needs a name that stays: set perigee.home.id to one of its own."));
        }
        return new HomeId(configured == null || configured.isEmpty() ? generated() : configured);
    }

    private static String generated() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9._-]", "-");
        } catch (UnknownHostException e) {
            host = "home";
        }
        int random = ThreadLocalRandom.current().nextInt(0x10000);
        return host.substring(0, Math.min(host.length(), HOST_LENGTH)) + String.format(Locale.ROOT, "-%04x", random);
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
    ControlChannel controlChannel() {
        return new ControlChannel();
    }

    @Bean
    @DependsOn("databaseStartup")
    WalFeed walFeed(
            ServerConnections connections,
            Publication publication,
            InvalidationLog log,
            VisibilityGate gate,
            ControlChannel control,
            HomeId home,
            FeedProperties properties,
            SlotProperties slot,
            MeterRegistry registry) {
        return feed(connections, publication, log, gate, control, home, properties, slot, registry);
    }

    /** The feed with everything it is made of; tests use it too. */
    static WalFeed feed(
            ServerConnections connections,
            Publication publication,
            InvalidationLog log,
            VisibilityGate gate,
            ControlChannel control,
            HomeId home,
            FeedProperties properties,
            SlotProperties slot,
            MeterRegistry registry) {
        Clock clock = Clock.systemUTC();
        HeartbeatLedger heartbeats = new HeartbeatLedger(System::nanoTime, clock);
        ManualInvalidations manual = new ManualInvalidations(connections, properties.invalidateTimeout());
        FeedMetrics metrics = new FeedMetrics(registry);
        ChangeApplier applier = new ChangeApplier(
                log, gate, heartbeats, manual, control, publication::refreshSoon, metrics, home, clock);
        Slots slots = new Slots(home, slot, metrics);
        Duration retain = slot.durable() ? slot.retain() : Duration.ZERO;
        Sinks.Many<Epoch> reached = Sinks.many().multicast().directBestEffort();
        WalFeed feed = new WalFeed(
                onConnected -> publication
                        .refresh()
                        .then(new FeedSession(
                                        connections,
                                        applier,
                                        gate,
                                        heartbeats,
                                        home,
                                        slots,
                                        new LateConfirmation(retain),
                                        reached.asFlux(),
                                        properties,
                                        onConnected)
                                .run()),
                heartbeats,
                manual,
                slots,
                reached,
                properties);
        metrics.watch(feed, gate, slots);
        return feed;
    }

    @Bean
    FeedHealthIndicator feedHealthIndicator(WalFeed feed, InvalidationLog log, VisibilityGate gate, HomeId home) {
        return new FeedHealthIndicator(feed, log, gate, home);
    }
}

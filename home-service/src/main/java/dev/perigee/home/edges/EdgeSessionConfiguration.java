package dev.perigee.home.edges;

import dev.perigee.home.database.ReportBoard;
import dev.perigee.home.database.TableResolver;
import dev.perigee.home.log.EpochLog;
import dev.perigee.home.log.InvalidationLog;
import dev.perigee.home.wal.ControlChannel;
import dev.perigee.home.wal.ControlMessage;
import dev.perigee.home.wal.Feed;
import dev.perigee.home.wal.HomeId;
import dev.perigee.home.wal.VisibilityGate;
import dev.perigee.model.Eligibility;
import dev.perigee.model.StreamPosition;
import dev.perigee.web.ShortCut;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Puts the sessions between the log and the web. */
@Configuration(proxyBeanMethods = false)
class EdgeSessionConfiguration {

    /**
     * What is read at once, bytes. Netty would read less and less from a connection with small requests, until an
     * acknowledgement that is a little larger than those before comes in two parts, and so goes the whole way.
     */
    private static final RecvByteBufAllocator READS = new AdaptiveRecvByteBufAllocator(4096, 4096, 65_536);

    /** An edge that is further behind than this is not in step. */
    private static final int HEALTHY_HEARTBEATS = 3;

    @Bean
    EdgeRegistry edgeRegistry(
            FleetProperties fleet,
            SessionProperties sessions,
            HomeId home,
            Feed feed,
            InvalidationLog log,
            VisibilityGate gate,
            EligibilityTable eligibility,
            MeterRegistry meters) {
        SessionSettings settings =
                new SessionSettings(home.value(), feed.heartbeat(), sessions.window(), sessions.liveness());
        return new EdgeRegistry(
                fleet.maxEdges(), source(feed, log, gate, eligibility), settings, new EdgeMetrics(meters), Moment::now);
    }

    private static Source source(Feed feed, InvalidationLog log, VisibilityGate gate, EligibilityTable eligibility) {
        return new Source() {
            @Override
            public @Nullable EpochLog log() {
                return log.current();
            }

            @Override
            public @Nullable StreamPosition visible() {
                return gate.read();
            }

            @Override
            public Instant asOf() {
                return feed.asOf();
            }

            @Override
            public Eligibility eligibility(String edgeId) {
                return eligibility.of(edgeId);
            }
        };
    }

    /** Wakes all streams. */
    @Bean
    Fanout fanout(Wakeups progress) {
        return new Fanout(progress);
    }

    /** Is woken when a stream has handed over what there was, or an edge has acknowledged. */
    @Bean
    Wakeups progress() {
        return new Wakeups();
    }

    @Bean
    EligibilityTable eligibilityTable(SessionProperties sessions) {
        return new EligibilityTable(sessions.autoEnable());
    }

    @Bean
    Eligibilities eligibilities(
            EligibilityStore store, EligibilityTable table, VisibilityGate gate, ControlChannel control) {
        Eligibilities eligibilities = new Eligibilities(store, table, gate::read);
        control.beforeFollowing(eligibilities::backfill);
        return eligibilities;
    }

    @Bean
    Fleet fleet(
            EdgeRegistry registry,
            FleetStore store,
            EligibilityTable eligibility,
            HomeId home,
            SessionProperties sessions,
            RenewalProperties properties,
            ControlChannel control) {
        Fleet fleet =
                new Fleet(registry, store, eligibility, home.value(), sessions.autoEnable(), properties.timeout());
        control.onMessage(fleet::decoded);
        return fleet;
    }

    @Bean
    HomeView homeView(HomeId home, Feed feed, InvalidationLog log, VisibilityGate gate, EdgeRegistry registry) {
        return new HomeView(home, feed, log, gate, registry);
    }

    @Bean
    FleetDirectory fleetDirectory(
            EdgeRegistry registry,
            FleetStore store,
            HomeView home,
            EligibilityTable eligibility,
            Feed feed,
            SessionProperties sessions,
            RenewalProperties properties) {
        long healthy = feed.heartbeat().multipliedBy(HEALTHY_HEARTBEATS).toMillis();
        long renewal = properties.within(sessions.liveness()).toMillis();
        return new FleetDirectory(
                registry,
                store,
                home,
                eligibility,
                new FleetDirectory.Freshness(healthy, Math.max(healthy, 2 * renewal)),
                System::nanoTime);
    }

    @Bean
    FleetRenewal fleetRenewal(
            EdgeRegistry registry,
            FleetStore store,
            HomeView home,
            SessionProperties sessions,
            RenewalProperties properties,
            Wakeups progress,
            ReportBoard board,
            ControlChannel control) {
        FleetRenewal renewal =
                new FleetRenewal(registry, store, home, properties.within(sessions.liveness()), progress, board);
        control.onMessage((message, version) -> {
            if (message instanceof ControlMessage.Invalidated) {
                renewal.invalidated(version);
            }
        });
        return renewal;
    }

    @Bean
    EdgeStreams edgeStreams(Fleet fleet, EdgeRegistry registry, Fanout fanout, Wakeups progress) {
        return new EdgeStreams(fleet, registry, fanout, progress);
    }

    @Bean
    Acknowledgements acknowledgements(EdgeRegistry registry, Wakeups progress, Feed feed, EdgeReports reports) {
        return new Acknowledgements(registry, progress, feed, reports);
    }

    @Bean
    EdgeReports edgeReports(ReportBoard board) {
        return new EdgeReports(board);
    }

    @Bean
    AppliedLatency appliedLatency(MeterRegistry meters, ReportBoard board) {
        return new AppliedLatency(meters, board);
    }

    @Bean
    ConsoleStreams consoleStreams(
            FleetDirectory directory, HomeView home, InvalidationLog log, EdgeReports reports, AppliedLatency latency) {
        return new ConsoleStreams(new ConsoleState(directory, home, latency), log, reports);
    }

    /** They are made when the first connection is: they need much of what comes after the server. */
    @Bean
    WebServerFactoryCustomizer<NettyReactiveWebServerFactory> ackPath(
            ObjectProvider<Acknowledgements> acknowledgements) {
        return factory -> {
            factory.addServerCustomizers(server -> server.childOption(ChannelOption.RECVBUF_ALLOCATOR, READS));
            ShortCut.into(factory, () -> new AckHandler(acknowledgements.getObject()));
        };
    }

    @Bean
    Invalidations invalidations(
            TableResolver tables,
            Feed feed,
            InvalidationLog log,
            EdgeRegistry registry,
            FleetDirectory directory,
            Wakeups progress) {
        return new Invalidations(tables, feed, log, registry, directory, progress);
    }

    @Bean
    EdgeLifecycle edgeLifecycle(
            EdgeRegistry registry,
            Fanout fanout,
            Feed feed,
            InvalidationLog log,
            VisibilityGate gate,
            EligibilityTable eligibility,
            Eligibilities eligibilities) {
        log.onChange(fanout.following(log));
        gate.onChange(fanout::wakeSoon);
        eligibility.onChange(fanout::wakeSoon);
        return new EdgeLifecycle(registry, fanout, eligibilities, feed.heartbeat());
    }
}
